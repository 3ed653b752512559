"""The maths of one recurrent cell, in the papers' letters: gates by replay, total gradients by stepping back."""

from rnnwidgets.cells.cell import Cell, Direct, Start, States, Through, Weights
from rnnwidgets.cells.gru import GRU
from rnnwidgets.cells.lstm import LSTM
from rnnwidgets.cells.rnn import RELU, TANH

CELLS = {"LSTM": LSTM, "GRU": GRU, "RNN_TANH": TANH, "RNN_RELU": RELU}

__all__ = ["CELLS", "Cell", "Direct", "Start", "States", "Through", "Weights"]
