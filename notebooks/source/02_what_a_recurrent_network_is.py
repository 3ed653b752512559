# %% [markdown] lang="en"
r"""
# What a recurrent network is

One equation, used again and again. In this lesson you compute it by hand, unroll it along time, write it from scratch as a PyTorch module, and find that it equals `nn.RNN` to the last digit. The cell panel shows the numbers that you have just computed.
"""

# %% [markdown] lang="zh"
r"""
# 什么是循环神经网络

一个公式，反复使用。这一课里，你先亲手算它，再沿时间把它展开，然后从零写成一个 PyTorch 模块，最后发现结果与 `nn.RNN` 完全一致。单元结构面板会显示你刚刚算出的那些数。
"""

# %%
import numpy as np
import torch
from torch import nn

import rnnwidgets as rw

torch.set_num_threads(1)
torch.set_default_dtype(torch.float64)      # every digit counts in this lesson

# %% lang="en"
language = "en"    # of the Explorer and of findings: "en" or "zh"

# %% lang="zh"
language = "zh"    # of the Explorer and of findings: "en" or "zh"

# %% tags=["parameters"]
steps = 300      # training steps in section 4
lag = 2          # how far back the answer lies

# %% [markdown] lang="en"
r"""
## 1. Three states

At each time $t$ a recurrent network has an **input state** $a_t$, a **hidden state** $h_t$ and an **output state** $y_t$:

$$
\begin{aligned}
a_t &= x_t\\
h_t &= f(W_{hh}\,h_{t-1} + W_{xh}\,a_t + b_h), \qquad h_0 = 0\\
y_t &= g(W_{hy}\,h_t + b_y)\\
L &= \sum_{t} \ell(y_t,\,y_t^*)
\end{aligned}
$$

$f$ is mostly $\tanh$; $g$ is what the task asks for, such as the identity, a sigmoid or softmax. What makes the network *recurrent* is $h_{t-1}$ on the right: the state is computed from the input **and from itself** (Elman 1990, [doi:10.1207/s15516709cog1402_1](https://doi.org/10.1207/s15516709cog1402_1)). The matrices do
not depend on $t$.

By hand, with two inputs, three hidden units, one output and a sequence of four:
"""

# %% [markdown] lang="zh"
r"""
## 1. 三种状态

在每个时间步 $t$，循环神经网络有**输入状态** $a_t$、**隐藏状态** $h_t$ 和**输出状态** $y_t$：

$$
\begin{aligned}
a_t &= x_t\\
h_t &= f(W_{hh}\,h_{t-1} + W_{xh}\,a_t + b_h), \qquad h_0 = 0\\
y_t &= g(W_{hy}\,h_t + b_y)\\
L &= \sum_{t} \ell(y_t,\,y_t^*)
\end{aligned}
$$

$f$ 多取 $\tanh$；$g$ 由任务决定，例如恒等、sigmoid 或 softmax。网络之所以叫“循环”，就在于右边的 $h_{t-1}$：状态由输入**和它自己**算出（Elman，1990，[doi:10.1207/s15516709cog1402_1](https://doi.org/10.1207/s15516709cog1402_1)）。这些矩阵不随 $t$ 变化。

亲手算一遍：两个输入，三个隐藏单元，一个输出，序列长度为 4。
"""

# %%
W_xh = torch.tensor([[0.8, -0.4], [0.2, 0.6], [-0.5, 0.3]])
W_hh = torch.tensor([[0.5, -0.3, 0.0], [0.1, 0.4, 0.6], [-0.2, 0.0, 0.7]])
b_h = torch.tensor([0.1, 0.0, -0.1])
W_hy = torch.tensor([[1.0, -1.0, 0.5]])
b_y = torch.tensor([0.2])
x = torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0], [0.0, 0.0]])

h = torch.zeros(3)
by_hand = []
for t, a in enumerate(x, start=1):
    from_state, from_input = W_hh @ h, W_xh @ a
    h = torch.tanh(from_state + from_input + b_h)
    y = W_hy @ h + b_y
    by_hand.append(h)
    print(f"t = {t}   W_hh h = {from_state.numpy().round(3)}   W_xh a = {from_input.numpy().round(3)}   h = {h.numpy().round(4)}   y = {y.item():.4f}")

# %% [markdown] lang="en"
r"""
At $t = 4$ the input is zero, but $h_4$ is not: it depends on the earlier inputs. This is the network's memory.

## 2. Unrolled

Write the loop out and the recurrent network is a deep feed-forward network, one layer for each time, all layers with the same weights:

```
      y_1          y_2          y_3          y_4
       ↑            ↑            ↑            ↑        W_hy
 0 →  h_1   ───→   h_2   ───→   h_3   ───→   h_4       W_hh
       ↑            ↑            ↑            ↑        W_xh
      a_1          a_2          a_3          a_4
```

`nn.RNN` runs exactly this. It has two biases, `bias_ih` and `bias_hh`, which are simply added; we put $b_h$ into the first.
"""

# %% [markdown] lang="zh"
r"""
在 $t = 4$，输入是零，但 $h_4$ 不是零：它取决于之前的输入。这就是网络的记忆。

## 2. 展开

把循环写开，循环网络就成了一个很深的前馈网络：每个时间步一层，各层用同一组权重。

```
      y_1          y_2          y_3          y_4
       ↑            ↑            ↑            ↑        W_hy
 0 →  h_1   ───→   h_2   ───→   h_3   ───→   h_4       W_hh
       ↑            ↑            ↑            ↑        W_xh
      a_1          a_2          a_3          a_4
```

`nn.RNN` 做的正是这件事。它有两个偏置 `bias_ih` 和 `bias_hh`，不过只是加在一起；我们把 $b_h$ 放进前一个。
"""

# %%
layer = nn.RNN(2, 3)
with torch.no_grad():
    layer.weight_ih_l0.copy_(W_xh)
    layer.weight_hh_l0.copy_(W_hh)
    layer.bias_ih_l0.copy_(b_h)
    layer.bias_hh_l0.zero_()

looking = rw.watch(layer, every=1, samples=1)
states, _ = layer(x.unsqueeze(1))                       # (time, sample, unit)
(states @ W_hy.T + b_y).sum().backward()
looking.step()
looking.close()

torch.testing.assert_close(states[:, 0], torch.stack(by_hand), rtol=1e-14, atol=1e-15)
print("|nn.RNN - by hand| ≤", f"{(states[:, 0] - torch.stack(by_hand)).abs().max():.0e}")

# %% [markdown] lang="en"
r"""
The Explorer counts times and units from 0, as Python does: its t = 2 is our $t = 3$. In the **cell** panel you see that time and unit 2: the unrolled diagram with the numbers of this unit, and the equation with the numbers filled in. Compare with the third line printed above, then move the time slider.
"""

# %% [markdown] lang="zh"
r"""
Explorer 和 Python 一样从 0 数起：它的 t = 2 就是我们的 $t = 3$。**单元结构**面板现在显示的是这个时间步的 2 号单元：展开图的连线上写着这个单元的数，公式里也代入了这些数。与上面打印的第三行比一比，再拖动时间滑块。
"""

# %%
rw.Explorer(looking, panels=["steps", "gates", "cell"], time=2, unit=2, language=language)

# %% [markdown] lang="en"
r"""
## 3. From scratch

The same as a module of your own, in some ten lines. `rw.tap("cell.h", h)` returns `h` unchanged; while a recorder watches, it also records the value and the gradient of `h`. In this way you can watch any hand-written cell.
"""

# %% [markdown] lang="zh"
r"""
## 3. 从零写起

同样的东西写成自己的模块，只要十来行。`rw.tap("cell.h", h)` 把 `h` 原样返回；有记录器时，它还会记下 `h` 的值和梯度。任何手写的单元都可以这样来观察。
"""

# %%
class FromScratch(nn.Module):
    def __init__(self, inputs, hidden, outputs):
        super().__init__()
        self.W_xh = nn.Parameter(torch.empty(hidden, inputs).uniform_(-1, 1) / hidden**0.5)
        self.W_hh = nn.Parameter(torch.empty(hidden, hidden).uniform_(-1, 1) / hidden**0.5)
        self.b_h = nn.Parameter(torch.zeros(hidden))
        self.W_hy = nn.Parameter(torch.empty(outputs, hidden).uniform_(-1, 1) / hidden**0.5)
        self.b_y = nn.Parameter(torch.zeros(outputs))

    def forward(self, x):                                        # (time, sample, input)
        h, ys = x.new_zeros(x.shape[1], len(self.b_h)), []
        for a in x:
            h = torch.tanh(h @ self.W_hh.T + a @ self.W_xh.T + self.b_h)
            h = rw.tap("cell.h", h)
            ys.append(h @ self.W_hy.T + self.b_y)
        return torch.stack(ys)


class Ready(nn.Module):
    def __init__(self, scratch):
        super().__init__()
        hidden, inputs = scratch.W_xh.shape
        self.rnn = nn.RNN(inputs, hidden)
        self.readout = nn.Linear(hidden, len(scratch.b_y))
        with torch.no_grad():
            self.rnn.weight_ih_l0.copy_(scratch.W_xh)
            self.rnn.weight_hh_l0.copy_(scratch.W_hh)
            self.rnn.bias_ih_l0.copy_(scratch.b_h)
            self.rnn.bias_hh_l0.zero_()
            self.readout.weight.copy_(scratch.W_hy)
            self.readout.bias.copy_(scratch.b_y)
        self.rnn.bias_hh_l0.requires_grad_(False)                # one bias is enough

    def forward(self, x):
        return self.readout(self.rnn(x)[0])

# %% [markdown] lang="en"
r"""
## 4. Both learn the same

The task: repeat the bit that was read `lag` steps before, $\ell$ the binary cross-entropy. Both modules start from the same weights and get the same data.
"""

# %% [markdown] lang="zh"
r"""
## 4. 训练过程也相同

任务：把 `lag` 步之前读到的那一位重复出来，$\ell$ 取二元交叉熵。两个模块从同样的权重出发，用同样的数据。
"""

# %%
torch.manual_seed(0)
scratch = FromScratch(inputs=1, hidden=16, outputs=1)
ready = Ready(scratch)
recorders, optimizers = {}, {}
for name, model in (("from scratch", scratch), ("nn.RNN", ready)):
    optimizers[name] = torch.optim.SGD([weight for weight in model.parameters() if weight.requires_grad], lr=0.5)
    recorders[name] = rw.watch(model, optimizers[name], every=1)
rw.Explorer(recorders["from scratch"], language=language)

# %%
def bits(length=12, batch=32, seed=0):
    chance = torch.Generator().manual_seed(seed)
    while True:
        yield torch.randint(2, (length, batch, 1), generator=chance).double()


losses = {name: [] for name in recorders}
for step, x in zip(range(steps), bits()):
    for name, model in (("from scratch", scratch), ("nn.RNN", ready)):
        y = model(x)
        loss = nn.functional.binary_cross_entropy_with_logits(y[lag:], x[:-lag])
        optimizers[name].zero_grad()
        loss.backward()
        optimizers[name].step()
        recorders[name].log(loss=loss)
        losses[name].append(loss.item())
for recorder in recorders.values():
    recorder.close()

# %%
one, other = recorders["from scratch"].recording[-1]["cell"], recorders["nn.RNN"].recording[-1]["rnn.l0"]
differences = {
    "loss": np.abs(np.subtract(*losses.values())).max(),
    "h": np.abs(one["h"] - other["h"]).max(),
    "dL/dh": np.abs(one["dh"] - other["dh"]).max(),
}
for name, value in differences.items():
    print(f"{name:6} |from scratch - nn.RNN| ≤ {value:.0e}")
print(f"loss {losses['nn.RNN'][0]:.3f} → {losses['nn.RNN'][-1]:.3f}    ln 2 = {np.log(2):.3f}")

# %% include="draw"

# %% [markdown] lang="en"
r"""
The two curves coincide. The grey strip is where a network without memory has to stay: it can only guess a bit, at the cost of $\ln 2 = 0.693$.
"""

# %% [markdown] lang="zh"
r"""
两条曲线完全重合。灰色的带子是没有记忆的网络只能停留的地方：一位只能靠猜，代价是 $\ln 2 = 0.693$。
"""

# %%
guessing = rw.tasks.Band(low=0.68, high=0.71, due=0, source="ln 2: a fair bit, guessed")
draw({name: (np.arange(steps), values) for name, values in losses.items()}, band=guessing)

# %% [markdown] lang="en"
r"""
## Exercises

**1.** Compute $h_1$ of section 1 on paper, for the first unit.

<details><summary>Answer</summary>

$h_0 = 0$, so only the input and the bias count: $\tanh(0.8\cdot 1 - 0.4\cdot 0 + 0.1) = \tanh(0.9) = 0.7163$.
</details>

**2.** How many parameters has a recurrent network with $I$ inputs, $H$ hidden units and $O$ outputs? How does the number change if the sequence gets twice as long?

<details><summary>Answer</summary>

$HI + H^2 + H + OH + O$ (one bias; `nn.RNN` has another $H$). Not at all: the weights are shared over time.
</details>

**3.** Set `W_hh` of section 1 to zero. What is $h_4$ now, and what kind of network is that?

<details><summary>Answer</summary>

$\tanh(b_h) = (0.0997,\ 0,\ -0.0997)$: the state no longer knows what came before. It is a feed-forward network, applied to each time separately.
</details>

## What to take away

* Three states, $a_t$, $h_t$, $y_t$; one equation for all times; the memory is $h_{t-1}$ on the right-hand side.
* Unrolled, it is a deep network that shares its weights.
* `nn.RNN` computes the same, only faster. With `rw.tap` you can watch your own version in the same way.
"""

# %% [markdown] lang="zh"
r"""
## 练习

**1.** 在纸上算出第 1 节里第一个单元的 $h_1$。

<details><summary>答案</summary>

$h_0 = 0$，所以只有输入和偏置起作用：$\tanh(0.8\cdot 1 - 0.4\cdot 0 + 0.1) = \tanh(0.9) = 0.7163$。
</details>

**2.** 有 $I$ 个输入、$H$ 个隐藏单元、$O$ 个输出的循环网络有多少参数？序列加长一倍，参数会变成多少？

<details><summary>答案</summary>

$HI + H^2 + H + OH + O$ 个（一个偏置；`nn.RNN` 还要多 $H$ 个）。不变：权重在各个时间步之间共享。
</details>

**3.** 把第 1 节的 `W_hh` 设为零。这时 $h_4$ 是多少？这是一个什么样的网络？

<details><summary>答案</summary>

$\tanh(b_h) = (0.0997,\ 0,\ -0.0997)$：状态不再知道之前发生过什么。这就是对每个时间步分别使用的前馈网络。
</details>

## 小结

* 三种状态 $a_t$、$h_t$、$y_t$；一个公式用于所有时间步；记忆就是公式右边的 $h_{t-1}$。
* 展开以后，它是一个共享权重的深层网络。
* `nn.RNN` 做的是同样的计算，只是更快。有了 `rw.tap`，自己写的版本也看得同样清楚。
"""
