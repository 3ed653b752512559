# %% [markdown] lang="en"
r"""
# LSTM and GRU

A plain recurrent network overwrites its whole state at every step. An LSTM and a GRU put gates before the state: numbers between 0 and 1, one for each unit, that control what is written, kept and shown. Here you
set these gates by hand, open the one that decides how long a memory lasts, and compare three networks on the same task.
"""

# %% [markdown] lang="zh"
r"""
# LSTM 与 GRU

普通的循环神经网络每一步都把整个状态重写一遍。长短期记忆（LSTM）和门控循环单元（GRU）在状态前面装上了门：每个单元一个介于 0 与 1 之间的数，决定写入什么、保留什么、露出什么。这一课里，你先手动设定这些门，再打开决定记忆长短的那个门，最后在同一个任务上比较三个网络。
"""

# %%
import math
import time

import numpy as np
import torch
from torch import nn

import rnnwidgets as rw

torch.set_num_threads(1)

# %% lang="en"
language = "en"    # of the Explorer and of findings: "en" or "zh"

# %% lang="zh"
language = "zh"    # of the Explorer and of findings: "en" or "zh"

# %% tags=["parameters"]
rnn_steps = 600       # training steps of the plain RNN in section 3
most_steps = 1500     # at most so many for the LSTM and the GRU

# %% [markdown] lang="en"
r"""
## 1. The gates of an LSTM, one by one

$$
\begin{aligned}
i_t &= \sigma(W_{xi}x_t + W_{hi}h_{t-1} + b_i) \qquad f_t = \sigma(W_{xf}x_t + W_{hf}h_{t-1} + b_f)\\
g_t &= \tanh(W_{xg}x_t + W_{hg}h_{t-1} + b_g) \qquad o_t = \sigma(W_{xo}x_t + W_{ho}h_{t-1} + b_o)\\
c_t &= f_t\odot c_{t-1} + i_t\odot g_t \qquad\qquad\quad\; h_t = o_t\odot\tanh(c_t)
\end{aligned}
$$

Let us build a memory by hand: one LSTM unit with three inputs, a *value*, a signal *store* and a signal *show*. The input gate opens when *store* comes, and the forget gate closes, which clears the old content; the output gate opens
when *show* comes. No training: twelve numbers.
"""

# %% [markdown] lang="zh"
r"""
## 1. 逐个认识 LSTM 的门

$$
\begin{aligned}
i_t &= \sigma(W_{xi}x_t + W_{hi}h_{t-1} + b_i) \qquad f_t = \sigma(W_{xf}x_t + W_{hf}h_{t-1} + b_f)\\
g_t &= \tanh(W_{xg}x_t + W_{hg}h_{t-1} + b_g) \qquad o_t = \sigma(W_{xo}x_t + W_{ho}h_{t-1} + b_o)\\
c_t &= f_t\odot c_{t-1} + i_t\odot g_t \qquad\qquad\quad\; h_t = o_t\odot\tanh(c_t)
\end{aligned}
$$

我们来手工造一个存储器：一个 LSTM 单元，三个输入，分别是*数值*、*写入*信号和*读出*信号。写入信号到来时，输入门打开，遗忘门关上，旧内容随之清除；读出信号到来时，输出门打开。不需要训练，只要十二个数。
"""

# %%
latch = nn.LSTM(3, 1)
with torch.no_grad():
    latch.weight_hh_l0.zero_()
    latch.bias_hh_l0.zero_()
    latch.weight_ih_l0.copy_(torch.tensor([[0.0, 12, 0],       # i: opened by store
                                           [0.0, -12, 0],      # f: closed by store
                                           [1.0, 0, 0],        # g: the value
                                           [0.0, 0, 12]]))     # o: opened by show
    latch.bias_ih_l0.copy_(torch.tensor([-6.0, 6, 0, -6]))

x = torch.zeros(12, 1, 3)
x[:, 0, 0] = torch.linspace(-1, 1, 12)     # the value changes all the time
x[2, 0, 1] = x[7, 0, 1] = 1                # store at t = 3 and t = 8
x[5, 0, 2] = x[11, 0, 2] = 1               # show at t = 6 and t = 12
signals = ["store" if a else "show" if b else "·" for a, b in x[:, 0, 1:].tolist()]

by_hand = rw.watch(latch, every=1, samples=1)
h, _ = latch(x)
h.sum().backward()
by_hand.step()
by_hand.close()

trace = by_hand.recording[-1]["l0"]
print(" t  value   signal   i    f    g      o     c      h")
for t, signal in enumerate(signals):
    i, f, g, o, c, state = (float(trace[name][t, 0, 0]) for name in "ifgoch")
    print(f"{t + 1:2}  {x[t, 0, 0]:+.2f}   {signal:6} {i:5.2f} {f:4.2f} {g:+.2f}  {o:4.2f}  {c:+.2f}  {state:+.2f}")

# %% [markdown] lang="en"
r"""
The value stored at $t = 3$ stays in $c$ and is shown at $t = 6$; at $t = 8$ another value replaces it. The same table as a picture (with times counted from 0): step through the times and see the gates open and close.
"""

# %% [markdown] lang="zh"
r"""
$t = 3$ 写入的数值一直保存在 $c$ 里，在 $t = 6$ 读出；$t = 8$ 时被另一个值取代。下面把这张表画成图（时间步从 0 数起）：逐个时间步查看，门如何打开、关上。
"""

# %%
rw.Explorer(by_hand, panels=["steps", "gates", "cell"], gate="c", unit=0, time=2, language=language)

# %% [markdown] lang="en"
r"""
## 2. How long a memory lasts: the forget bias

While the input gate is closed, $c_t = f\,c_{t-1}$: the content shrinks by the factor $f = \sigma(b_f)$ per step, and so does the gradient on its way back, $\partial c_t/\partial c_{t-1} = f$. It is halved after $\ln\tfrac12/\ln f$ steps. We compare the
formula with the recording of an LSTM whose other weights are zero.
"""

# %% [markdown] lang="zh"
r"""
## 2. 记忆能维持多久：遗忘门的偏置

输入门关着的时候，$c_t = f\,c_{t-1}$：内容每步缩小为 $f = \sigma(b_f)$ 倍；往回走的梯度也一样，$\partial c_t/\partial c_{t-1} = f$。走 $\ln\tfrac12/\ln f$ 步就只剩一半。我们拿一个其余权重都为零的 LSTM，看看记录器测到的与公式是否一致。
"""

# %%
def carried(bias, T=100):
    cell = rw.tasks.set_forget_bias(nn.LSTM(1, 8, dtype=torch.float64), bias)
    nn.init.zeros_(cell.weight_hh_l0)
    nn.init.zeros_(cell.weight_ih_l0)
    watching = rw.watch(cell, every=1, samples=1)
    _, (_, c) = cell(torch.zeros(T, 1, 1, dtype=torch.float64))
    c.sum().backward()
    watching.step()
    watching.close()
    norm = np.linalg.norm(watching.recording[-1]["l0"]["dc"], axis=(1, 2))
    return norm[0] / norm[-1]


halves = {}
print("b_f     f     half-life   |dL/dc_1| / |dL/dc_100|    f^99")
for bias in (0, 1, 2, 5):
    f = 1 / (1 + math.exp(-bias))
    halves[bias] = math.log(0.5) / math.log(f), carried(bias), f**99
    print(f"{bias:3}  {f:.4f}  {halves[bias][0]:8.2f}      {halves[bias][1]:14.4g}       {halves[bias][2]:14.4g}")

# %% [markdown] lang="en"
r"""
PyTorch starts with $b_f \approx 0$: a memory of *one step*. The first LSTM had no such bias, because it had no forget gate at all (Hochreiter and Schmidhuber 1997, [doi:10.1162/neco.1997.9.8.1735](https://doi.org/10.1162/neco.1997.9.8.1735)); the forget gate came with
Gers, Schmidhuber and Cummins (2000, [doi:10.1162/089976600300015015](https://doi.org/10.1162/089976600300015015)). `rw.tasks.set_forget_bias(lstm, 1)` sets it.

## 3. A race: the adding problem

Two of 50 numbers are marked, and the network has to give their sum at the end. Always answering 1 has a mean squared error of 1/6 = 0.167. In published results plain networks stay there, and gated networks get below it (Hochreiter and Schmidhuber 1997; Le, Jaitly and Hinton 2015,
[doi:10.48550/arXiv.1504.00941](https://doi.org/10.48550/arXiv.1504.00941)). All three have 64 units and start in one Explorer; each trains until its loss is below 0.01 or its steps are used up.
"""

# %% [markdown] lang="zh"
r"""
PyTorch 从 $b_f \approx 0$ 起步：记忆只有*一步*。最早的 LSTM 没有这个偏置，因为它根本没有遗忘门（Hochreiter 和 Schmidhuber，1997，[doi:10.1162/neco.1997.9.8.1735](https://doi.org/10.1162/neco.1997.9.8.1735)）；遗忘门是 Gers、Schmidhuber 和 Cummins 后来加上的（2000，[doi:10.1162/089976600300015015](https://doi.org/10.1162/089976600300015015)）。`rw.tasks.set_forget_bias(lstm, 1)` 就是用来设置它的。

## 3. 比赛：加法问题

50 个数里有两个做了记号，最后要给出它们的和。永远回答 1，均方误差是 1/6 = 0.167。已发表的结果是：普通网络停在这里，带门的网络能降到它以下（Hochreiter 和 Schmidhuber，1997；Le、Jaitly 和 Hinton，2015，[doi:10.48550/arXiv.1504.00941](https://doi.org/10.48550/arXiv.1504.00941)）。三个网络都是 64 个单元，放在同一个 Explorer 里；每个都训练到损失低于 0.01，或者步数用完为止。
"""

# %%
models, optimizers, recorders = {}, {}, {}
for cell in ("RNN", "LSTM", "GRU"):
    torch.manual_seed(0)
    models[cell] = rw.tasks.AddingModel(hidden=64, cell=cell)
    optimizers[cell] = torch.optim.Adam(models[cell].parameters(), lr=1e-3 if cell == "RNN" else 1e-2)
    recorders[cell] = rw.watch(models[cell], optimizers[cell])
rw.Explorer(recorders, panels=["status", "steps", "flow", "curves"], language=language)

# %%
losses, seconds = {}, {}
for cell, model in models.items():
    losses[cell], began = [], time.process_time()
    for step, (x, y) in zip(range(rnn_steps if cell == "RNN" else most_steps), rw.tasks.adding(length=50, batch=50)):
        loss = nn.functional.mse_loss(model(x), y)
        optimizers[cell].zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizers[cell].step()
        recorders[cell].log(loss=loss)
        losses[cell].append(loss.item())
        if len(losses[cell]) >= 50 and np.mean(losses[cell][-50:]) < 0.01:
            break
    recorders[cell].close()
    seconds[cell] = (time.process_time() - began) / len(losses[cell])

# %% include="draw"

# %% [markdown] lang="en"
r"""
The grey strip is where published results expect the **plain RNN**. The table compares each curve with its own range:
"""

# %% [markdown] lang="zh"
r"""
灰色的带子是已发表结果里**普通 RNN** 应在的位置。每条曲线再与它自己的区间比一比：
"""

# %%
verdicts = {}
print("        loss                      steps   parameters   ms/step")
for cell, values in losses.items():
    verdicts[cell] = rw.tasks.expected("adding", cell).judge(range(len(values)), values)
    count = sum(parameter.numel() for parameter in models[cell].parameters())
    print(f"{cell:5} {str(verdicts[cell]):28}{len(values):5}  {count:8,}   {1000 * seconds[cell]:10.1f}")
smooth = {cell: np.convolve(values, np.ones(20) / 20, "valid") for cell, values in losses.items()}
draw({cell: (np.arange(len(values)), values) for cell, values in smooth.items()}, band=rw.tasks.expected("adding", "RNN"))

# %%
reach = {}
for name, frame in (("first", recorders["LSTM"].recording[0]), ("last", recorders["LSTM"].recording[-1])):
    norm = np.linalg.norm(frame["lstm.l0"]["dh"], axis=(1, 2))
    reach[name] = norm[0] / norm[-1]
    print(f"LSTM, step {frame.step:4}: |dL/dh_1| / |dL/dh_50| = {reach[name]:.1e}   f > 0.9: {(frame['lstm.l0']['f'] > 0.9).mean():.0%}")

# %%
rw.Explorer(recorders["LSTM"], gate="f", language=language)

# %% [markdown] lang="en"
r"""
Gates have a cost: an LSTM has four blocks of weights, a GRU three and an RNN one, and each step takes longer.

Look at the LSTM alone, in the Explorer above. At step 0 all its forget gates are near one half, and almost nothing of the gradient arrives at $t=1$. At the last step the units differ: some `f` are closed, others are above 0.9. Units with an open forget gate carry the marked numbers, and along them the gradient arrives.

## 4. The GRU, and which way round z is

$$
r_t = \sigma(\cdot),\quad z_t = \sigma(\cdot),\quad
n_t = \tanh\big(W_{xn}x_t + b_{xn} + r_t\odot(W_{hn}h_{t-1} + b_{hn})\big),\quad
h_t = (1-z_t)\odot n_t + z_t\odot h_{t-1}
$$

This is PyTorch's form, and that of Cho et al. (2014, [doi:10.3115/v1/D14-1179](https://doi.org/10.3115/v1/D14-1179)): **z near 1 keeps**. Chung et al. (2014, [doi:10.48550/arXiv.1412.3555](https://doi.org/10.48550/arXiv.1412.3555)) write it the other way round, $h_t = (1-z_t)\odot h_{t-1} + z_t\odot n_t$, where z near 1 *overwrites*.
So check which form is used before you compare two pictures. We compute one step by hand, both ways:
"""

# %% [markdown] lang="zh"
r"""
门是有代价的：RNN 只有一组权重，LSTM 有四组，GRU 有三组，每一步也更慢。

在上面的 Explorer 里单独看看 LSTM。第 0 步时，遗忘门都在 0.5 附近，到达 $t=1$ 的梯度几乎为零。到最后一步，各个单元有了分工：有的 `f` 关上了，有的在 0.9 以上。遗忘门打开的单元保存着做过记号的数，梯度也沿着它们传到开头。

## 4. GRU，以及 z 的方向

$$
r_t = \sigma(\cdot),\quad z_t = \sigma(\cdot),\quad
n_t = \tanh\big(W_{xn}x_t + b_{xn} + r_t\odot(W_{hn}h_{t-1} + b_{hn})\big),\quad
h_t = (1-z_t)\odot n_t + z_t\odot h_{t-1}
$$

这是 PyTorch 的写法，也是 Cho 等人的写法（2014，[doi:10.3115/v1/D14-1179](https://doi.org/10.3115/v1/D14-1179)）：**z 接近 1 表示保留**。Chung 等人（2014，[doi:10.48550/arXiv.1412.3555](https://doi.org/10.48550/arXiv.1412.3555)）正好反过来，$h_t = (1-z_t)\odot h_{t-1} + z_t\odot n_t$，z 接近 1 表示*改写*。所以比较两张图之前，先看清楚是哪一种。我们按两种写法各手算一步：
"""

# %%
torch.manual_seed(0)
gru = nn.GRUCell(2, 3)
x, previous = torch.randn(1, 2), torch.randn(1, 3)
with torch.no_grad():
    of_x, of_h = (x @ gru.weight_ih.T + gru.bias_ih).chunk(3, 1), (previous @ gru.weight_hh.T + gru.bias_hh).chunk(3, 1)
    r = torch.sigmoid(of_x[0] + of_h[0])
    z = torch.sigmoid(of_x[1] + of_h[1])
    n = torch.tanh(of_x[2] + r * of_h[2])
    keeps = (1 - z) * n + z * previous
    overwrites = (1 - z) * previous + z * n
    pytorch = gru(x, previous)
print("nn.GRUCell           ", pytorch.numpy().round(4))
print("z keeps (Cho)        ", keeps.numpy().round(4), "  |difference| =", f"{(keeps - pytorch).abs().max():.0e}")
print("z overwrites (Chung) ", overwrites.numpy().round(4))

# %% [markdown] lang="en"
r"""
## Exercises

**1.** In section 1, change one number so that the memory *adds* each stored value to its content instead of replacing it.

<details><summary>Answer</summary>

Let the forget gate stay open when *store* comes: set its weight of −12 to 0. Then $c_t = c_{t-1} + g_t$ at each store.
</details>

**2.** How many parameters has `nn.LSTM(2, 64)`, and which fraction of that has `nn.GRU(2, 64)`?

<details><summary>Answer</summary>

$4\,(64\cdot 2 + 64\cdot 64 + 2\cdot 64) = 17\,408$; PyTorch has two biases. The GRU has three blocks of four: 13 056.
</details>

**3.** Give the LSTM of the race a forget bias of 1 (`rw.tasks.set_forget_bias(models["LSTM"].lstm, 1)` before the training). Does it leave the plateau sooner?

<details><summary>Answer</summary>

Try a few seeds: it usually does, as Jozefowicz et al. 2015 ([PMLR 37](https://proceedings.mlr.press/v37/jozefowicz15.html)) advise. One run alone would prove nothing.
</details>

## What to take away

* Gates are numbers from 0 to 1 that multiply: write ($i$), keep ($f$), show ($o$); in a GRU, reset ($r$) and keep ($z$).
* The memory of a cell is halved after $\ln\frac12/\ln f$ steps. With PyTorch's default that is one step.
* On the adding problem a plain RNN stays at 0.167 while GRU and LSTM get below it, with three to four times the weights.
* PyTorch's $z$ near 1 *keeps*. Other papers write it the other way round.
"""

# %% [markdown] lang="zh"
r"""
## 练习

**1.** 在第 1 节里只改一个数，使存储器每次写入时不是替换，而是把新值*加*到原有内容上。

<details><summary>答案</summary>

让遗忘门在写入信号到来时保持打开：把它的权重 −12 改为 0。于是每次写入都有 $c_t = c_{t-1} + g_t$。
</details>

**2.** `nn.LSTM(2, 64)` 有多少参数？`nn.GRU(2, 64)` 是它的几分之几？

<details><summary>答案</summary>

$4\,(64\cdot 2 + 64\cdot 64 + 2\cdot 64) = 17\,408$；PyTorch 有两个偏置。GRU 只有四组中的三组：13 056。
</details>

**3.** 给比赛中的 LSTM 设遗忘门偏置 1（训练前运行 `rw.tasks.set_forget_bias(models["LSTM"].lstm, 1)`）。它会更早离开平台吗？

<details><summary>答案</summary>

多试几个随机种子：一般会。Jozefowicz 等人 2015 年（[PMLR 37](https://proceedings.mlr.press/v37/jozefowicz15.html)）正是这样建议的；单凭一次训练什么也证明不了。
</details>

## 小结

* 门是用来相乘的 0 到 1 之间的数：写入（$i$）、保留（$f$）、露出（$o$）；在 GRU 里是重置（$r$）和保留（$z$）。
* 细胞里的记忆每过 $\ln\frac12/\ln f$ 步减半。按 PyTorch 的默认值，就是一步。
* 在加法问题上，普通 RNN 停在 0.167，GRU 和 LSTM 能降到它以下，代价是三到四倍的权重。
* PyTorch 的 $z$ 接近 1 表示*保留*，有的论文正好相反。
"""
