# %% [markdown] lang="en"
r"""
# Vanishing and exploding gradients

Why is it hard for a recurrent network to learn from the distant past? Because the gradient has to travel back one step at a time, and each step multiplies
it by a matrix. In this lesson you hold that matrix in your hand: one slider sets its size, and the picture follows.
"""

# %% [markdown] lang="zh"
r"""
# 梯度消失与梯度爆炸

为什么循环神经网络很难从遥远的过去学到东西？因为梯度只能一步一步往回走，每走一步就要乘一次矩阵。这一课把这个矩阵交到你手里：一个滑块决定它的大小，图随手动。
"""

# %%
import ipywidgets as widgets
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
T = 100         # times in sections 1 and 2
hidden = 64
seeds = 5       # networks per row of the table in section 3
steps = 320     # training steps in section 4

# %% [markdown] lang="en"
r"""
## 1. One slider: the spectral radius

For $h_t = \tanh(W_{hh} h_{t-1} + W_{xh} x_t)$ the chain rule gives

$$
\frac{\partial L}{\partial h_{t-1}} = W_{hh}^\top \operatorname{diag}(1-h_t^2)\,\frac{\partial L}{\partial h_t}
\qquad\Longrightarrow\qquad
\Big\|\frac{\partial L}{\partial h_1}\Big\| \approx \rho^{\,T-1}\,\Big\|\frac{\partial L}{\partial h_T}\Big\| .
$$

We take $W_{hh} = \rho\,Q$ with $Q$ orthogonal: it turns vectors and stretches them by exactly $\rho$. With no input the state stays at zero, where $\tanh$ has the
slope 1, and the law holds to the last digit. The loss looks at the last state alone.

A network without training needs no optimizer: `recorder.step()` ends a step by hand.
"""

# %% [markdown] lang="zh"
r"""
## 1. 一个滑块：谱半径

对 $h_t = \tanh(W_{hh} h_{t-1} + W_{xh} x_t)$ 用链式法则，得到

$$
\frac{\partial L}{\partial h_{t-1}} = W_{hh}^\top \operatorname{diag}(1-h_t^2)\,\frac{\partial L}{\partial h_t}
\qquad\Longrightarrow\qquad
\Big\|\frac{\partial L}{\partial h_1}\Big\| \approx \rho^{\,T-1}\,\Big\|\frac{\partial L}{\partial h_T}\Big\| .
$$

取 $W_{hh} = \rho\,Q$，其中 $Q$ 是正交矩阵：它只旋转向量，再恰好拉长 $\rho$ 倍。没有输入时，状态一直是零，而 $\tanh$ 在零点的斜率是 1，于是这条规律精确到最后一位。损失只看最后一个状态。

这里不做训练，所以不需要优化器：用 `recorder.step()` 手动结束一步。
"""

# %%
class Last(nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.rnn = nn.RNN(1, hidden, bias=False, dtype=torch.float64)
        nn.init.normal_(self.rnn.weight_ih_l0)
        self.turn = nn.init.orthogonal_(torch.empty(hidden, hidden, dtype=torch.float64))

    def forward(self, x, rho):
        with torch.no_grad():
            self.rnn.weight_hh_l0.copy_(rho * self.turn)
        states, _ = self.rnn(x)                         # (time, sample, unit)
        return states[-1].sum()


model = Last()
noise = torch.randn(T, 4, 1, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
recorder = rw.watch(model, every=1)


def ratio(trace):
    norm = np.linalg.norm(trace["dh"].astype(float), axis=(1, 2))
    return norm[0] / norm[-1]


def look(rho, s=0.0):
    model(s * noise, rho).backward()
    recorder.step(rho=rho)
    model.zero_grad()
    return ratio(recorder.recording[-1]["rnn.l0"])


law = {}
for rho in (0.5, 0.9, 1.0, 1.1):
    law[rho] = look(rho), rho ** (T - 1)
    print(f"ρ = {rho}:  |dL/dh_1| / |dL/dh_{T}| = {law[rho][0]:.4e}    ρ^{T - 1} = {law[rho][1]:.4e}")

# %% [markdown] lang="en"
r"""
Drag **ρ**. The gradient through time is drawn on a logarithmic scale, so a constant factor per step is a straight line: falling to the left below 1, level at 1, rising above
it. The slider *training step* of the Explorer walks back through everything you tried.
"""

# %% [markdown] lang="zh"
r"""
拖动 **ρ**。沿时间的梯度画在对数坐标上，所以每步乘同一个因子就是一条直线：小于 1 时向左下降，等于 1 时水平，大于 1 时向左上升。Explorer 的*训练步*滑块可以翻回你试过的每一个值。
"""

# %%
rho = widgets.FloatSlider(value=0.9, min=0.5, max=1.6, step=0.01, description="ρ")
s = widgets.FloatSlider(value=0.0, min=0.0, max=1.0, step=0.05, description="s (input)")
said = widgets.HTMLMath()


def moved(_change=None):
    found = look(rho.value, s.value)
    said.value = f"$\\rho^{{{T - 1}}}$ = {rho.value ** (T - 1):.3g}, &nbsp; $|dL/dh_1|\\,/\\,|dL/dh_{{{T}}}|$ = <b>{found:.3g}</b>"


for slider in (rho, s):
    slider.observe(moved, "value")
moved()
explorer = rw.Explorer(recorder, panels=["status", "steps", "gates", "flow"], language=language)
widgets.VBox([widgets.HBox([rho, s, said]), explorer])

# %% [markdown] lang="en"
r"""
## 2. Saturation only shrinks

Set ρ to 1.5 and raise the second slider, **s**, the size of a random input. Now the states are not zero, $\tanh'(\cdot) = 1-h_t^2$ is below 1, and the factor per step falls.
So $\rho > 1$ is *necessary* for an explosion, but not sufficient; $\rho < 1$ is sufficient for the gradient to vanish
(Pascanu, Mikolov and Bengio 2013, [doi:10.48550/arXiv.1211.5063](https://doi.org/10.48550/arXiv.1211.5063)).
"""

# %% [markdown] lang="zh"
r"""
## 2. 饱和只会让梯度更小

把 ρ 设为 1.5，再调大第二个滑块 **s**，也就是随机输入的幅度。这时状态不再是零，$\tanh'(\cdot) = 1-h_t^2$ 小于 1，每步的因子就变小了。所以 $\rho > 1$ 是梯度爆炸的*必要*条件，却不是充分条件；而 $\rho < 1$ 足以让梯度消失（Pascanu、Mikolov 和 Bengio，2013，[doi:10.48550/arXiv.1211.5063](https://doi.org/10.48550/arXiv.1211.5063)）。
"""

# %%
factors = {}
print("          " + "".join(f"s = {size:<8}" for size in (0, 0.1, 0.5)))
for radius in (1.1, 1.5):
    for size in (0, 0.1, 0.5):
        factors[radius, size] = look(radius, size) ** (1 / (T - 1))
    print(f"ρ = {radius}   " + "".join(f"{factors[radius, size]:<12.3f}" for size in (0, 0.1, 0.5)))

# %% [markdown] lang="en"
r"""
## 3. Where do networks start?

Nobody chooses ρ; the initialisation does. Before any training we ask networks of 64 units how much of the gradient at $t = 50$ arrives at $t = 1$. Each row is the median of
several seeds, and is held against the band in which published results expect it (✓ means inside).

* **RNN**: PyTorch's default, every weight uniform on $\pm 1/\sqrt{H}$.
* **orthogonal**: $W_{hh}$ orthogonal (Saxe et al. 2014, [doi:10.48550/arXiv.1312.6120](https://doi.org/10.48550/arXiv.1312.6120)).
* **IRNN**: ReLU, and $W_{hh}$ the identity (Le et al. 2015, [doi:10.48550/arXiv.1504.00941](https://doi.org/10.48550/arXiv.1504.00941)).
* **GRU, LSTM**: PyTorch's defaults; then LSTMs with the bias of the forget gate set to 1, 3 and 5.
"""

# %% [markdown] lang="zh"
r"""
## 3. 网络从哪里起步？

没有人亲手挑 ρ，它由初始化决定。在训练之前，我们问一批 64 个单元的网络：$t = 50$ 处的梯度有多少能到达 $t = 1$？每一行是几个随机种子的中位数，并与已发表结果所预期的区间相比（✓ 表示落在区间内）。

* **RNN**：PyTorch 的默认值，每个权重在 $\pm 1/\sqrt{H}$ 上均匀分布。
* **orthogonal**：$W_{hh}$ 取正交矩阵（Saxe 等，2014，[doi:10.48550/arXiv.1312.6120](https://doi.org/10.48550/arXiv.1312.6120)）。
* **IRNN**：用 ReLU，$W_{hh}$ 取单位矩阵（Le 等，2015，[doi:10.48550/arXiv.1504.00941](https://doi.org/10.48550/arXiv.1504.00941)）。
* **GRU、LSTM**：PyTorch 的默认值；然后是遗忘门偏置分别设为 1、3、5 的 LSTM。
"""

# %%
def orthogonal():
    rnn = nn.RNN(2, 64)
    nn.init.orthogonal_(rnn.weight_hh_l0)
    return rnn


def irnn():
    rnn = nn.RNN(2, 64, nonlinearity="relu")
    nn.init.eye_(rnn.weight_hh_l0)
    nn.init.zeros_(rnn.bias_ih_l0)
    nn.init.zeros_(rnn.bias_hh_l0)
    return rnn


makers = {
    "RNN": lambda: nn.RNN(2, 64),
    "RNN orthogonal": orthogonal,
    "IRNN": irnn,
    "GRU": lambda: nn.GRU(2, 64),
    "LSTM": lambda: nn.LSTM(2, 64),
    "LSTM bias 1": lambda: rw.tasks.set_forget_bias(nn.LSTM(2, 64), 1),
    "LSTM bias 3": lambda: rw.tasks.set_forget_bias(nn.LSTM(2, 64), 3),
    "LSTM bias 5": lambda: rw.tasks.set_forget_bias(nn.LSTM(2, 64), 5),
}


def at_the_start(make, seed):
    torch.manual_seed(seed)
    layer = make()
    watching = rw.watch(layer, every=1, samples=8)
    states, _ = layer(torch.rand(50, 8, 2))
    states[-1].pow(2).sum().backward()
    watching.step()
    watching.close()
    [trace] = watching.recording[-1].traces.values()
    return ratio(trace)


start = {}
for name, make in makers.items():
    start[name] = rw.tasks.expected("start", name).holds(np.median([at_the_start(make, seed) for seed in range(seeds)]))
    print(f"{name:16s}{start[name]}")

# %% [markdown] lang="en"
r"""
**An LSTM with PyTorch's default initialisation vanishes as badly as a plain RNN**: its forget gates start at one half. A forget bias of 1 buys back a factor of more than ten
thousand, which is why it has been advised ever since Gers et al. 2000 ([doi:10.1162/089976600300015015](https://doi.org/10.1162/089976600300015015)) and Jozefowicz et al. 2015
([PMLR 37](https://proceedings.mlr.press/v37/jozefowicz15.html)).

## 4. Clipping, seen before and after

Against vanishing one changes the network; against explosion one cuts the gradient: if its norm $\lVert g \rVert$ is above a threshold $c$, use $c\,g/\lVert g \rVert$ instead. Two runs on the adding problem begin with the same
$W_{hh} = 1.5\,Q$; one of them is clipped at 1. Nothing else differs, and the two stand side by side in one Explorer.
"""

# %% [markdown] lang="zh"
r"""
**用 PyTorch 默认初始化的 LSTM，梯度消失得和普通 RNN 一样厉害**：它的遗忘门从 0.5 起步。遗忘门偏置设为 1，就能挽回一万倍以上。所以从 Gers 等人 2000 年（[doi:10.1162/089976600300015015](https://doi.org/10.1162/089976600300015015)）到 Jozefowicz 等人 2015 年（[PMLR 37](https://proceedings.mlr.press/v37/jozefowicz15.html)），一直有人这样建议。

## 4. 梯度裁剪：裁剪前与裁剪后

对付梯度消失，要改网络；对付梯度爆炸，要裁剪梯度：范数 $\lVert g \rVert$ 超过阈值 $c$ 时，改用 $c\,g/\lVert g \rVert$。下面两次训练做的都是加法问题，都从同一个 $W_{hh} = 1.5\,Q$ 开始；其中一次在 1 处裁剪，此外毫无差别。两次训练并排显示在同一个 Explorer 里。
"""

# %%
def exploding():
    torch.manual_seed(0)
    network = rw.tasks.AddingModel(hidden=64, cell="RNN")
    with torch.no_grad():
        nn.init.orthogonal_(network.rnn.weight_hh_l0)
        network.rnn.weight_hh_l0 *= 1.5
    return network


networks = {"no clipping": exploding(), "clip at 1": exploding()}
optimizers = {name: torch.optim.SGD(network.parameters(), lr=0.05) for name, network in networks.items()}
runs = {name: rw.watch(network, optimizers[name], every=1) for name, network in networks.items()}
rw.Explorer(runs, panels=["status", "steps", "flow", "curves"], language=language)

# %%
losses = {name: [] for name in runs}
for name, network in networks.items():
    for step, (x, y) in zip(range(steps), rw.tasks.adding(length=50)):
        loss = nn.functional.mse_loss(network(x), y)
        optimizers[name].zero_grad()
        loss.backward()
        if name == "clip at 1":
            nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizers[name].step()
        runs[name].log(loss=loss)
        losses[name].append(loss.item())
    runs[name].close()

# %% include="draw"

# %%
clipped_at, before = runs["clip at 1"].recording.scalars["grad_norm_before_clip"]
_, after = runs["clip at 1"].recording.scalars["grad_norm"]
print(f"clip at 1:   {len(clipped_at) / steps:.0%} of the steps, largest |g| {before.max():.3g} → {after.max():.3g}")
for name, values in losses.items():
    print(f"{name:12s} largest loss {max(values):.3g}, last loss {np.mean(values[-20:]):.3g}")
seen = {name: np.where(np.array(values) < 3, values, np.nan) for name, values in losses.items()}     # above 3 it leaves the picture
draw({name: (np.arange(steps), values) for name, values in seen.items()}, band=rw.tasks.expected("adding", "RNN"), log=True)

# %% [markdown] lang="en"
r"""
One step along an exploded gradient throws the weights so far away that training never comes back. With clipping the same network stays on the ground, and settles in the grey strip, at what can be had without memory: answering 1 always
costs $1/6 = 0.167$. Clipping cures the explosion, not the forgetting. That is the next lesson's matter.

In the Explorer, look at the curves: the norm before and after clipping. A run in which *every* step is clipped has its learning rate set by the threshold.
"""

# %% [markdown] lang="zh"
r"""
顺着爆炸的梯度走一步，权重就被抛得太远，训练再也回不来。裁剪之后，同一个网络稳稳当当，最后停在灰色的带子里，也就是不靠记忆所能达到的水平：永远回答 1，误差是 $1/6 = 0.167$。梯度裁剪治得了爆炸，治不了遗忘；那是下一课的事。

在 Explorer 里看看曲线：裁剪前和裁剪后的范数。如果*每一步*都被裁剪，那么真正的学习率其实是由阈值决定的。
"""

# %%
verdict = rw.tasks.expected("adding", "RNN").judge(range(steps), losses["clip at 1"])
print(verdict)
recorder.close()

# %% [markdown] lang="en"
r"""
## Exercises

**1.** By the law of section 1, from which ρ on does a gradient survive 100 steps with at least 1 % of its size?

<details><summary>Answer</summary>

$\rho^{99} \ge 0.01$, so $\rho \ge 0.01^{1/99} = 0.955$. Try it with the slider.
</details>

**2.** In section 1 set ρ = 1.5 and find the **s** at which the ratio is near 1. Is that a good way to cure an explosion?

<details><summary>Answer</summary>

A little above 0.5, as the table of section 2 suggests. It is no cure: the gradient is tamed because the units are saturated, and saturated units carry little of what they read.
</details>

**3.** A forget gate stands at $f$. On the path through the cell the factor per step is $f$ itself. Which bias lets half of the gradient through after 50 steps, if the gate hears nothing else?

<details><summary>Answer</summary>

$f^{50} = 1/2$ gives $f = 2^{-1/50} = 0.986$, and $b_f = \ln\frac{f}{1-f} = 4.27$.
</details>

## What to take away

* Each step back multiplies the gradient by $W_{hh}^\top\operatorname{diag}(1-h_t^2)$: over T steps that is a power, and powers vanish or explode.
* ρ < 1 makes it vanish for certain; ρ > 1 makes an explosion possible; saturation only shrinks it.
* Initialisation is half the battle: orthogonal, identity, forget bias. PyTorch's default LSTM has none of these.
* Clip against explosion, and look at how many steps are clipped.
"""

# %% [markdown] lang="zh"
r"""
## 练习

**1.** 按第 1 节的规律，ρ 至少要多大，梯度走 100 步之后才能剩下 1%？

<details><summary>答案</summary>

$\rho^{99} \ge 0.01$，所以 $\rho \ge 0.01^{1/99} = 0.955$。用滑块试一试。
</details>

**2.** 在第 1 节里取 ρ = 1.5，找一个 **s**，使比值接近 1。这算不算治好了梯度爆炸？

<details><summary>答案</summary>

比 0.5 略大一点，第 2 节的表已经给出了线索。但这不算治好：梯度之所以驯服，是因为单元饱和了，而饱和的单元几乎传不了它读到的东西。
</details>

**3.** 某个遗忘门停在 $f$。沿细胞状态往回走，每步的因子就是 $f$。如果这个门除了偏置什么都听不到，偏置取多少，才能让梯度走 50 步后还剩一半？

<details><summary>答案</summary>

由 $f^{50} = 1/2$ 得 $f = 2^{-1/50} = 0.986$，于是 $b_f = \ln\frac{f}{1-f} = 4.27$。
</details>

## 小结

* 梯度每往回一步，就要乘一次 $W_{hh}^\top\operatorname{diag}(1-h_t^2)$；走 T 步就是 T 次幂，而幂不是消失就是爆炸。
* ρ < 1 时梯度必然消失；ρ > 1 时才有可能爆炸；饱和只会让它更小。
* 初始化是成败的一半：正交矩阵、单位矩阵、遗忘门偏置。PyTorch 默认的 LSTM 一样也没有。
* 用裁剪对付爆炸，并且留意有多少步被裁剪了。
"""
