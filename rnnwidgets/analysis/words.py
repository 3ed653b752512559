"""Findings in words, English and Chinese, with what to try and where it is from.

Each entry: the sentence, then the advice, each in both languages, with the numbers by name; then the source.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from rnnwidgets import schema


class Words(NamedTuple):
    """How a finding is said, before its numbers are put in."""

    sentence: str
    sentence_zh: str
    advice: str
    advice_zh: str
    source: str


Place = tuple[int | None, str | None, int | None, int | None]
"""Where to look: step, layer, time, unit."""

PASCANU = "Pascanu, Mikolov & Bengio 2013, On the difficulty of training recurrent neural networks"
KARPATHY = "Karpathy, Johnson & Fei-Fei 2015, Visualizing and understanding recurrent networks"

WORDS = {
    "not_finite": Words(
        "The first value that is not finite is {value} in {gate} of {layer}: step {step}, time {time}, unit {unit}.",
        "第一个非有限值是 {layer} 的 {gate} 中的 {value}：第 {step} 步，时刻 {time}，单元 {unit}。",
        "Look at the inputs and the loss of that step; lower the learning rate, or clip the gradient norm at 1.",
        "检查该步的输入和损失；降低学习率，或将梯度范数裁剪到 1。",
        "IEEE 754: a NaN goes into all that is computed from it",
    ),
    "exploding": Words(
        "Exploding: on its way back through {steps} steps the gradient of {layer} grows {ratio:.1e} times.",
        "梯度爆炸：{layer} 的梯度在反向经过 {steps} 步后增大到 {ratio:.1e} 倍。",
        "Clip the gradient norm at 1, start from an orthogonal W_hh, or lower the learning rate.",
        "将梯度范数裁剪到 1，用正交矩阵初始化 W_hh，或降低学习率。",
        PASCANU,
    ),
    "vanishing": Words(
        "Vanishing: {steps} steps back the gradient of {layer} is {ratio:.1e} of its largest value "
        "(horizon {horizon} steps).",
        "梯度消失：{layer} 的梯度反向经过 {steps} 步后只剩最大值的 {ratio:.1e}（可达 {horizon} 步）。",
        "Use a GRU or an LSTM, start from an orthogonal W_hh, or shorten the sequences.",
        "改用 GRU 或 LSTM，用正交矩阵初始化 W_hh，或缩短序列。",
        PASCANU,
    ),
    "vanishing_gated": Words(
        "Vanishing: {steps} steps back the gradient of {layer} is {ratio:.1e} of its largest value "
        "(horizon {horizon} steps); its {gate} gates keep half of the state for {half_life:.1f} steps.",
        "梯度消失：{layer} 的梯度反向经过 {steps} 步后只剩最大值的 {ratio:.1e}（可达 {horizon} 步）；"
        "其 {gate} 门的记忆半衰期为 {half_life:.1f} 步。",
        "Start with gates that keep: a bias of 1 or more for {gate}; or shorten the sequences.",
        "让门在开始时保持打开：将 {gate} 的偏置初始化为 1 或更大；或缩短序列。",
        "Jozefowicz, Zaremba & Sutskever 2015, An empirical exploration of recurrent network architectures",
    ),
    "saturated": Words(
        "Saturated: {gate} of {layer} is near an end of its range at {share:.0%} of all units and times.",
        "饱和：{layer} 的 {gate} 在 {share:.0%} 的单元和时刻接近取值边界。",
        "Start with smaller weights, scale the inputs to about 1, or lower the learning rate.",
        "减小初始权重，将输入缩放到 1 左右，或降低学习率。",
        KARPATHY,
    ),
    "dead_units": Words(
        "Dead: {count} of {units} ReLU units of {layer} are 0 at every time of {frames} recorded steps.",
        "死亡单元：{layer} 的 {units} 个 ReLU 单元中有 {count} 个在 {frames} 个已记录步的所有时刻都为 0。",
        "Lower the learning rate, or start W_hh from the identity and the biases from 0.",
        "降低学习率，或将 W_hh 初始化为单位矩阵、偏置初始化为 0。",
        "Le, Jaitly & Hinton 2015, A simple way to initialize recurrent networks of rectified linear units",
    ),
    "still_units": Words(
        "Still: {count} of {units} units of {layer} never move by more than {least:g} in {frames} recorded steps.",
        "静止单元：{layer} 的 {units} 个单元中有 {count} 个在 {frames} 个已记录步内变化不超过 {least:g}。",
        "Look at whether the inputs reach them: their scale, their weights, a layer that is too wide.",
        "检查输入是否到达这些单元：输入尺度、权重，或层是否过宽。",
        KARPATHY,
    ),
    "clipped": Words(
        "Clipped: the gradient was made smaller at {share:.0%} of {count} steps; its usual norm was {usual:.3g}.",
        "裁剪过多：{count} 步中有 {share:.0%} 的梯度被裁剪；裁剪前的范数通常为 {usual:.3g}。",
        "Clip at a norm that only spikes exceed, a few times the usual one, or lower the learning rate.",
        "将裁剪阈值设为只有尖峰才会超过的值（通常范数的几倍），或降低学习率。",
        PASCANU,
    ),
    "spike": Words(
        "Spike: {name} went to {value:.3g} at step {step}, {ratio:.0f} times its usual {usual:.3g} ({count} such).",
        "尖峰：{name} 在第 {step} 步达到 {value:.3g}，是平时 {usual:.3g} 的 {ratio:.0f} 倍（共 {count} 次）。",
        "Clip the gradient norm, look at the batch of that step, or lower the learning rate.",
        "裁剪梯度范数，检查该步的数据，或降低学习率。",
        PASCANU,
    ),
}


def finding(
    name: str,
    severity: schema.Severity,
    numbers: dict[str, Any],
    *,
    said: str | None = None,
    where: Place = (None, None, None, None),
) -> schema.Finding:
    """Return a finding with its numbers put in; `said` names the words where they are not those of its name."""
    words = WORDS[said or name]
    step, layer, time, unit = where
    return schema.Finding(
        name=name,
        severity=severity,
        sentence=words.sentence.format(**numbers),
        sentence_zh=words.sentence_zh.format(**numbers),
        advice=words.advice.format(**numbers),
        advice_zh=words.advice_zh.format(**numbers),
        source=words.source,
        step=step,
        layer=layer,
        time=time,
        unit=unit,
    )
