"""The texts of findings in English and Chinese, with advice and source."""

from __future__ import annotations

from typing import Any, NamedTuple

from rnnwidgets import schema


class Words(NamedTuple):
    """The texts of a finding, before its numbers are put in."""

    sentence: str
    sentence_zh: str
    advice: str
    advice_zh: str
    source: str


class Place(NamedTuple):
    """Where a finding shows; `gate` is a gate, state or gradient of the layer."""

    step: int | None = None
    layer: str | None = None
    time: int | None = None
    unit: int | None = None
    gate: str | None = None


EVERYWHERE = Place()
PASCANU = "Pascanu, Mikolov & Bengio 2013, On the difficulty of training recurrent neural networks"
KARPATHY = "Karpathy, Johnson & Fei-Fei 2015, Visualizing and understanding recurrent networks"
SPIKE_ADVICE = (
    "Clip the gradient norm, check the batch of that step, or lower the learning rate.",
    "裁剪梯度范数，检查该步的数据，或降低学习率。",
)

WORDS = {
    "not_finite": Words(
        "First non-finite value: {value} in {gate} of {layer} (step {step}, t = {time}, unit {unit}).",
        "首个非有限值：{layer} 的 {gate} 中出现 {value}（第 {step} 步，t = {time}，单元 {unit}）。",
        "Check the inputs and the loss of that step; lower the learning rate, or clip the gradient norm at 1.",
        "检查该步的输入和损失；降低学习率，或将梯度范数裁剪到 1。",
        "IEEE 754: every result computed from a NaN is NaN",
    ),
    "exploding": Words(
        "Exploding gradient: over {steps} steps back in time, the gradient of {layer} grows {ratio:.1e} times.",
        "梯度爆炸：反向经过 {steps} 步后，{layer} 的梯度增大为 {ratio:.1e} 倍。",
        "Clip the gradient norm at 1, initialise W_hh as an orthogonal matrix, or lower the learning rate.",
        "将梯度范数裁剪到 1，用正交矩阵初始化 W_hh，或降低学习率。",
        PASCANU,
    ),
    "vanishing": Words(
        "Vanishing gradient: {steps} steps back in time, the gradient of {layer} is down to {ratio:.1e} of its largest "
        "value (horizon: {horizon} steps).",
        "梯度消失：反向经过 {steps} 步后，{layer} 的梯度只剩最大值的 {ratio:.1e}（可达 {horizon} 步）。",
        "Use a GRU or an LSTM, initialise W_hh as an orthogonal matrix, or shorten the sequences.",
        "改用 GRU 或 LSTM，用正交矩阵初始化 W_hh，或缩短序列。",
        PASCANU,
    ),
    "vanishing_gated": Words(
        "Vanishing gradient: {steps} steps back in time, the gradient of {layer} is down to {ratio:.1e} of its largest "
        "value (horizon: {horizon} steps); its {gate} gates have a memory half-life of {half_life:.1f} steps.",
        "梯度消失：反向经过 {steps} 步后，{layer} 的梯度只剩最大值的 {ratio:.1e}（可达 {horizon} 步）；"
        "其 {gate} 门的记忆半衰期为 {half_life:.1f} 步。",
        "Initialise the bias of {gate} to 1 or more, so that the cell remembers; or shorten the sequences.",
        "将 {gate} 门的偏置初始化为 1 或更大，使细胞能记住信息；或缩短序列。",
        "Jozefowicz, Zaremba & Sutskever 2015, An empirical exploration of recurrent network architectures",
    ),
    "saturated": Words(
        "Saturation: {gate} of {layer} is saturated in {percent:.0f} % of (unit, timestep) pairs.",
        "饱和：在 {percent:.0f} % 的（单元，时刻）组合中，{layer} 的 {gate} 处于饱和状态。",
        "Initialise with smaller weights, scale the inputs to about 1, or lower the learning rate.",
        "减小初始权重，将输入缩放到 1 左右，或降低学习率。",
        KARPATHY,
    ),
    "dead_units": Words(
        "Dead units: {count} of {units} ReLU units of {layer} are 0 at every timestep of {recorded}.",
        "死亡单元：{layer} 的 {units} 个 ReLU 单元中有 {count} 个在 {frames} 个已记录步的所有时刻都为 0。",
        "Lower the learning rate, or initialise W_hh to the identity and the biases to 0.",
        "降低学习率，或将 W_hh 初始化为单位矩阵、偏置初始化为 0。",
        "Le, Jaitly & Hinton 2015, A simple way to initialize recurrent networks of rectified linear units",
    ),
    "still_units": Words(
        "Constant units: {count} of {units} units of {layer} change by at most {least:g} over {recorded}.",
        "恒定单元：{layer} 的 {units} 个单元中有 {count} 个在 {frames} 个已记录步内的变化不超过 {least:g}。",
        "Check whether the inputs reach these units: input scale, weights, or a layer that is too wide.",
        "检查输入是否到达这些单元：输入尺度、权重，或层是否过宽。",
        KARPATHY,
    ),
    "clipped": Words(
        "Frequent clipping: the gradient was clipped at {percent:.0f} % of {count} steps; its median norm before "
        "clipping is {usual:.3g}.",
        "裁剪过于频繁：{count} 步中有 {percent:.0f} % 的梯度被裁剪；裁剪前范数的中位数为 {usual:.3g}。",
        "Set the threshold to a few times that median, so that only spikes are clipped; or lower the learning rate.",
        "将裁剪阈值设为该中位数的几倍，只裁剪尖峰；或降低学习率。",
        PASCANU,
    ),
    "spike": Words(
        "{name} jumped to {value:.3g} at step {step}, {ratio:.0f} times its usual {usual:.3g} ({spikes}).",
        "{name_zh}在第 {step} 步跃升至 {value:.3g}，是平时 {usual:.3g} 的 {ratio:.0f} 倍（共 {count} 次尖峰）。",
        *SPIKE_ADVICE,
        PASCANU,
    ),
    "spike_from_zero": Words(
        "{name} jumped to {value:.3g} at step {step}; its usual value is {usual:.3g} ({spikes}).",
        "{name_zh}在第 {step} 步跃升至 {value:.3g}，平时为 {usual:.3g}（共 {count} 次尖峰）。",
        *SPIKE_ADVICE,
        PASCANU,
    ),
}


def finding(
    name: str,
    severity: schema.Severity,
    numbers: dict[str, Any],
    *,
    said: str | None = None,
    where: Place = EVERYWHERE,
) -> schema.Finding:
    """Return a finding with its numbers put in; `said` is the entry of `WORDS`, if it is not `name`."""
    words = WORDS[said or name]
    return schema.Finding(
        name=name,
        severity=severity,
        sentence=words.sentence.format(**numbers),
        sentence_zh=words.sentence_zh.format(**numbers),
        advice=words.advice.format(**numbers),
        advice_zh=words.advice_zh.format(**numbers),
        source=words.source,
        **where._asdict(),
    )
