"""Every lesson runs from top to bottom in a fresh kernel, and what it claims holds.

The English lessons run as long as their claims need; the Chinese ones have the same code, as `test_in_step` holds, and
run with the shortest settings.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.notebooks.lesson import NAMES, run

if TYPE_CHECKING:
    from pathlib import Path

SHORT: dict[str, dict[str, Any]] = {
    "01": {"steps": 4, "vocabulary": 500, "held_words": 5_000, "race_steps": 3},
    "02": {"steps": 20},
    "03": {"steps": 20},
    "04": {"seeds": 1, "steps": 20},
    "05": {"rnn_steps": 10, "most_steps": 10},
    "06": {"copy_steps": 10, "reber_steps": 50, "seeds": 1},
    "07": {"steps": 5, "count": 60_000, "hidden": 32, "written": 20},
    "08": {"echo_steps": 20, "order_steps": 10, "lengths": [20, 40], "broken_steps": 20},
}
LONG_ENOUGH: dict[str, dict[str, Any]] = {
    "01": {"steps": 40, "vocabulary": 1_000, "held_words": 5_000, "race_steps": 3},
    "02": {},
    "03": {},
    "04": {},
    "05": {"rnn_steps": 350},
    "06": {"seeds": 1},
    "07": {"written": 100},
    "08": {},
}

CLAIMS = {
    "01": """
        # An untrained model knows nothing: its perplexity is the size of the vocabulary. A trained one knows more.
        assert abs(before[0] / len(corpus.vocabulary) - 1) < 0.1
        assert after[0] < 0.5 * before[0]
        assert abs(losses[0] - chance) < 0.1 and losses[-1] < losses[0] - 1
        assert after[1] > before[1]
        # An LSTM by its name alone does not save the gradient; its forget bias does.
        assert reach["RNN"] < 1e-9 and reach["LSTM"] < 1e-8 and reach["LSTM, forget bias 3"] > 1e-3
    """,
    "02": """
        # By hand, from scratch and nn.RNN are the same, before training and after it.
        assert differences["loss"] < 1e-12 and differences["h"] < 1e-12 and differences["dL/dh"] < 1e-12
        assert abs(losses["nn.RNN"][0] - np.log(2)) < 0.1 and losses["nn.RNN"][-1] < 0.05
        seen = looking.recording[0]["l0"]["h"][:, 0]
        np.testing.assert_allclose(seen, torch.stack(by_hand).numpy(), rtol=0, atol=1e-14)
        assert abs(by_hand[0][0].item() - 0.7163) < 1e-4
    """,
    "03": """
        # BPTT by hand for three times is what autograd finds and what the recorder shows.
        assert max((one - other).abs().max().item() for one, other in pairs.values()) < 1e-14
        # A hook on the output sees the gradient at 1 of T times, or nothing; the total gradient is at all of them.
        assert np.count_nonzero(direct) == 1 and np.count_nonzero(total) == T and on_the_state is None
        # Too small stays at 1/6, the right one learns, too large ends in numbers that are none.
        small, right, large = (np.mean(values[-50:]) for values in curves.values())
        assert memoryless.holds(small).inside and right < 0.14 and not np.isfinite(large)
    """,
    "04": """
        # The gradient shrinks or grows by rho in each step back, to five digits.
        assert all(abs(found / exact - 1) < 1e-5 for found, exact in law.values())
        # With a random input it only shrinks: rho above 1 does not suffice for an explosion.
        assert abs(factors[1.1, 0] - 1.1) < 1e-5 and factors[1.1, 0] > factors[1.1, 0.1] > factors[1.1, 0.5]
        assert factors[1.1, 0.5] < 0.95 and factors[1.5, 0] > factors[1.5, 0.1] > factors[1.5, 0.5]
        # The Explorer above the table shows the last position of the sliders, with the number written next to them.
        _, shown = recorder.recording.scalars["rho"]
        assert len(recorder.recording) == 5 and shown[-1] == rho.value
        assert f"{ratio(recorder.recording[-1]['rnn.l0']):.3g}" in label.value
        # A spectral radius below 1 does not prevent growth; in the end this gradient vanishes.
        assert growth[9] > 7 and growth[100] < 0.01
        # Where networks start: each inside its band, and a forget bias of 1 worth a factor of ten thousand.
        assert all(verdict.inside for verdict in start.values()), start
        assert start["LSTM bias 1"].value > 1e4 * start["LSTM"].value
        assert start["LSTM"].value < start["RNN orthogonal"].value < start["IRNN"].value
        # Clipping keeps the run alive, on the plateau.
        assert verdict.inside and max(losses["no clipping"]) > 1e6 and before.max() > 1 + after.max()
        assert abs(after.max() - 1) < 1e-3
    """,
    "05": """
        # The carousel of the cell, to four digits, and the half-lives.
        assert all(abs(found / exact - 1) < 1e-4 for _, found, exact in halves.values())
        assert [round(half, 2) for half, _, _ in halves.values()] == [1.0, 2.21, 5.46, 103.22]
        # The RNN stays at 1/6 where the LSTM and the GRU leave it.
        assert all(verdict.inside for verdict in verdicts.values()), verdicts
        assert reach["first"] < 1e-8 < 1e-4 < reach["last"]
        # PyTorch's z near 1 keeps.
        assert (keeps - pytorch).abs().max() < 1e-6 < 0.1 < (overwrites - pytorch).abs().max()
        # The memory made by hand shows what was stored.
        shown = by_hand.recording[-1]["l0"]
        assert abs(shown["h"][5, 0, 0] - np.tanh(shown["c"][2, 0, 0])) < 0.01
        assert abs(shown["h"][11, 0, 0] - np.tanh(shown["c"][7, 0, 0])) < 0.01
    """,
    "06": """
        # The LSTM sits on the line without memory: nothing of the gradient reaches the ten symbols.
        assert copy_verdict.inside and arrives < 0.01
        assert right[:-10].mean() > 0.99 and abs(right[-10:].mean() - 1 / 8) < 0.03
        # It learns the embedded Reber grammar, and one unit keeps the T or P for the whole string.
        assert all(verdict.inside for verdict in reber_verdict.values()), reber_verdict
        assert score[ranking[0]] > 0.9
        # The loss at the long-range symbol reaches the second symbol, in the LSTM, and stays nearly constant there.
        assert teaches["LSTM 0"][1] > 3 * teaches["RNN 0"][1]
        assert teaches["LSTM 0"][1] > teaches["LSTM 0"][5] / 4
    """,
    "07": """
        assert all(verdict.inside for verdict in verdicts.values()), verdicts
        assert max(abs(r) for (name, _, _), (_, r) in found.items() if name.startswith("letter")) > 0.5
        # A healthy run is not told that it is ill.
        assert [finding.name for finding in findings if finding.severity == "problem"] == []
    """,
    "08": """
        # A window that is too short can only guess; one that is wide enough, and a state, cannot fail.
        narrow, wide, recurrent = (np.mean(values[-20:]) for values in echo_losses.values())
        assert abs(narrow - math.log(2)) < 0.01 and wide < 0.05 and recurrent < 0.05
        assert np.mean(accuracy["GRU"][-50:]) > 0.9 and np.mean(accuracy["LSTM, bias 2"][-50:]) > 0.9
        assert np.mean(accuracy["RNN"][-50:]) < 0.6
        # Attention's cost grows faster with the length than the LSTM's; its gradient arrives.
        assert cost["attention"][-1] / cost["attention"][0] > 1.5 * cost["LSTM"][-1] / cost["LSTM"][0]
        assert arrives["RNN"] < 1e-10 and arrives["LSTM"] < 1e-6 and arrives["attention"] > 0.01
        # The training that was set up badly is found out.
        assert any(finding.severity == "problem" for finding in findings)
    """,
}


def claims_of(number: str) -> str:
    return "\n".join(line.strip() for line in CLAIMS[number].splitlines())


@pytest.mark.parametrize("name", NAMES)
def test_a_lesson_runs_and_its_claims_hold(name: str, tmp_path: Path):
    lesson = run("en", name, LONG_ENOUGH[name[:2]], claims_of(name[:2]), tmp_path)
    assert lesson.complaints == []
    assert "✗" not in lesson.printed or name[:2] in {"03", "08"}  # there, those that learn are to leave the band


@pytest.mark.parametrize("name", NAMES)
def test_a_lesson_in_chinese_runs_with_other_parameters(name: str, tmp_path: Path):
    assert run("zh", name, SHORT[name[:2]], "", tmp_path).complaints == []
