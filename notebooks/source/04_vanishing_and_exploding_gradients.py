# %% [markdown] lang="en"
r"""
# Vanishing and exploding gradients

Why is it hard for a recurrent network to learn from the distant past? The gradient travels back one step at a time, and each step multiplies it by a
matrix. In this lesson a slider sets the size of that matrix, and the picture follows.
"""

# %% [markdown] lang="zh"
r"""
# 梯度消失与梯度爆炸

为什么循环神经网络很难从遥远的过去学到东西？梯度只能一步一步往回传，每传一步就要乘一次矩阵。这一课用一个滑块调节这个矩阵的大小，图随之变化。
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
\frac{\partial L}{\partial h_{t-1}} = W_{hh}^\top \operatorname{diag}(1-h_t^2)\,\frac{\partial L}{\partial h_t} .
$$

We take $W_{hh} = \rho\,Q$ with $Q$ orthogonal: it rotates vectors and scales their length by exactly $\rho$. Without input the state stays at zero, where $\tanh$ has
the slope 1. The loss looks only at the last state. So each step back multiplies the length of the gradient by exactly $\rho$:

$$
\Big\|\frac{\partial L}{\partial h_1}\Big\| = \rho^{\,T-1}\,\Big\|\frac{\partial L}{\partial h_T}\Big\| .
$$

Nothing is trained here, so no optimizer is needed: `recorder.step()` ends a step.
"""

# %% [markdown] lang="zh"
r"""
## 1. 一个滑块：谱半径

对 $h_t = \tanh(W_{hh} h_{t-1} + W_{xh} x_t)$ 用链式法则，得到

$$
\frac{\partial L}{\partial h_{t-1}} = W_{hh}^\top \operatorname{diag}(1-h_t^2)\,\frac{\partial L}{\partial h_t} .
$$

取 $W_{hh} = \rho\,Q$，其中 $Q$ 是正交矩阵：它旋转向量，并把长度恰好变为 $\rho$ 倍。没有输入时，状态一直是零，而 $\tanh$ 在零点的斜率是 1。损失只看最后一个状态。所以每往回一步，梯度的长度恰好乘以 $\rho$：

$$
\Big\|\frac{\partial L}{\partial h_1}\Big\| = \rho^{\,T-1}\,\Big\|\frac{\partial L}{\partial h_T}\Big\| .
$$

这里不做训练，所以不需要优化器：用 `recorder.step()` 结束一步。
"""

# %%
class Last(nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.rnn = nn.RNN(1, hidden, bias=False, dtype=torch.float64)
        nn.init.normal_(self.rnn.weight_ih_l0)
        self.rotation = nn.init.orthogonal_(torch.empty(hidden, hidden, dtype=torch.float64))

    def forward(self, x, rho):
        with torch.no_grad():
            self.rnn.weight_hh_l0.copy_(rho * self.rotation)
        states, _ = self.rnn(x)                         # (time, sample, unit)
        return states[-1].sum()


model = Last()
noise = torch.randn(T, 1, 1, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
recorder = rw.watch(model, every=1)


def ratio(trace):
    norm = np.linalg.norm(trace["dh"].astype(float), axis=(1, 2))
    return norm[0] / norm[-1]


def look(model, recorder, rho, s=0.0):
    model(s * noise, rho).backward()
    recorder.step(rho=rho)
    model.zero_grad()
    return ratio(recorder.recording[-1]["rnn.l0"])


law = {}
for rho in (0.5, 0.9, 1.0, 1.1):
    law[rho] = look(model, recorder, rho), rho ** (T - 1)
    print(f"ρ = {rho}:  |dL/dh_1| / |dL/dh_{T}| = {law[rho][0]:.4e}    ρ^{T - 1} = {law[rho][1]:.4e}")

# %% [markdown] lang="en"
r"""
Drag **ρ**. The gradient through time is drawn on a logarithmic scale, so a constant factor per step is a straight line: it falls to the left if ρ is below 1, is level at
1, and rises to the left above 1. With the *training step* slider of the Explorer you can go back to every value you tried.
"""

# %% [markdown] lang="zh"
r"""
拖动 **ρ**。沿时间的梯度画在对数坐标上，所以每步乘同一个因子就是一条直线：小于 1 时向左下降，等于 1 时水平，大于 1 时向左上升。Explorer 的*训练步*滑块可以回到你试过的每一个值。
"""

# %%
rho = widgets.FloatSlider(value=0.9, min=0.5, max=1.6, step=0.01, description="ρ")
s = widgets.FloatSlider(value=0.0, min=0.0, max=1.0, step=0.05, description="s (input)")
label = widgets.HTMLMath()


def moved(_change=None):
    found = look(model, recorder, rho.value, s.value)
    label.value = f"$\\rho^{{{T - 1}}}$ = {rho.value ** (T - 1):.3g}, &nbsp; $|dL/dh_1|\\,/\\,|dL/dh_{{{T}}}|$ = <b>{found:.3g}</b>"


for slider in (rho, s):
    slider.observe(moved, "value")
moved()
explorer = rw.Explorer(recorder, panels=["status", "steps", "gates", "flow"], gate="dh", language=language)
widgets.VBox([widgets.HBox([rho, s, label]), explorer])

# %% [markdown] lang="en"
r"""
## 2. Saturation makes the gradient smaller

Set ρ to 1.5 and raise the second slider, **s**, the size of a random input. Now the states are not zero, the slope $1-h_t^2$ of $\tanh$ is below 1, and the factor per step
falls. So for $\rho\,Q$, $\rho > 1$ is *necessary* for an explosion, but not sufficient. The table has a model and a recorder of its own, so that the Explorer above keeps
showing your sliders.
"""

# %% [markdown] lang="zh"
r"""
## 2. 饱和使梯度变小

把 ρ 设为 1.5，再调大第二个滑块 **s**，也就是随机输入的幅度。这时状态不再是零，$\tanh$ 的斜率 $1-h_t^2$ 小于 1，每步的因子就变小了。所以对 $\rho\,Q$ 来说，$\rho > 1$ 是梯度爆炸的*必要*条件，但不是充分条件。下面的表用单独的模型和记录器，因此上面的 Explorer 仍然显示滑块所设的值。
"""

# %%
separate = Last()
table = rw.watch(separate, every=1)
factors = {}
print("          " + "".join(f"s = {size:<8}" for size in (0, 0.1, 0.5)))
for radius in (1.1, 1.5):
    for size in (0, 0.1, 0.5):
        factors[radius, size] = look(separate, table, radius, size) ** (1 / (T - 1))
    print(f"ρ = {radius}   " + "".join(f"{factors[radius, size]:<12.3f}" for size in (0, 0.1, 0.5)))
table.close()

# %% [markdown] lang="en"
r"""
When *must* the gradient vanish? A sufficient condition is about the norm: the largest singular value of $W_{hh}$ times the largest slope of the activation (1 for $\tanh$) is below 1
(Pascanu, Mikolov and Bengio 2013, [doi:10.48550/arXiv.1211.5063](https://doi.org/10.48550/arXiv.1211.5063)). For $\rho\,Q$ the norm is $\rho$. For other matrices the norm can be larger
than the spectral radius, the largest $|\lambda|$ of the eigenvalues. Then a gradient can grow for many steps although the radius is below 1:
"""

# %% [markdown] lang="zh"
r"""
什么时候梯度*必然*消失？充分条件看的是范数：$W_{hh}$ 的最大奇异值乘以激活函数的最大斜率（$\tanh$ 是 1）小于 1（Pascanu、Mikolov 和 Bengio，2013，[doi:10.48550/arXiv.1211.5063](https://doi.org/10.48550/arXiv.1211.5063)）。对 $\rho\,Q$ 来说，范数就是 $\rho$。对其他矩阵，范数可能大于谱半径，也就是特征值的最大模 $|\lambda|$。这时即使谱半径小于 1，梯度也可能先增长许多步：
"""

# %%
W = np.array([[0.9, 2.0], [0.0, 0.9]])
print(f"spectral radius {np.abs(np.linalg.eigvals(W)).max():.2f}    norm {np.linalg.norm(W, 2):.2f}")
growth = {}
for back in (0, 1, 5, 9, 20, 50, 100):
    growth[back] = np.linalg.norm(np.linalg.matrix_power(W.T, back) @ [1.0, 0.0])
    print(f"{back:3} steps back: |gradient| = {growth[back]:.3g}")

# %% [markdown] lang="en"
r"""
## 3. Where do networks start?

The initialisation chooses the matrix. Before any training we measure in networks of 64 units how much of the gradient at $t = 50$ arrives at $t = 1$. Each row is the median of
several seeds, compared with the range that published results lead us to expect (✓ means inside).

* **RNN**: PyTorch's default, every weight uniform on $\pm 1/\sqrt{H}$.
* **orthogonal**: $W_{hh}$ orthogonal (Saxe et al. 2014, [doi:10.48550/arXiv.1312.6120](https://doi.org/10.48550/arXiv.1312.6120)).
* **IRNN**: ReLU, and $W_{hh}$ the identity (Le et al. 2015, [doi:10.48550/arXiv.1504.00941](https://doi.org/10.48550/arXiv.1504.00941)).
* **GRU, LSTM**: PyTorch's defaults; then LSTMs with the bias of the forget gate set to 1, 3 and 5.
"""

# %% [markdown] lang="zh"
r"""
## 3. 网络从哪里起步？

这个矩阵由初始化决定。训练之前，我们在 64 个单元的网络上测量：$t = 50$ 处的梯度有多少能到达 $t = 1$？每一行是几个随机种子的中位数，并与已发表结果所预期的区间相比（✓ 表示落在区间内）。

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
**In an LSTM with PyTorch's default initialisation the gradient vanishes as badly as in a plain RNN**: its forget gates start at one half. A forget bias of 1 makes the gradient at
$t = 1$ more than ten thousand times larger. It is recommended by Gers et al. 2000 ([doi:10.1162/089976600300015015](https://doi.org/10.1162/089976600300015015)) and Jozefowicz et al. 2015
([PMLR 37](https://proceedings.mlr.press/v37/jozefowicz15.html)).

## 4. Clipping, seen before and after

Against vanishing, change the network; against explosion, clip the gradient: if its norm $\lVert g \rVert$ is above a threshold $c$, use $c\,g/\lVert g \rVert$ instead. Two runs on the
adding problem start with the same $W_{hh} = 1.5\,Q$; one of them is clipped at 1. Nothing else differs. One Explorer shows both, next to each other.
"""

# %% [markdown] lang="zh"
r"""
**用 PyTorch 默认初始化的 LSTM，梯度消失得和普通 RNN 一样厉害**：它的遗忘门从 0.5 起步。遗忘门偏置设为 1，到达 $t = 1$ 的梯度就增大一万倍以上。从 Gers 等人 2000 年（[doi:10.1162/089976600300015015](https://doi.org/10.1162/089976600300015015)）到 Jozefowicz 等人 2015 年（[PMLR 37](https://proceedings.mlr.press/v37/jozefowicz15.html)），一直有人这样建议。

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
One step along an exploded gradient moves the weights so far that training does not recover. With clipping the same network stays stable and ends in the grey strip, at the loss of a network
without memory: always answering 1 costs $1/6 = 0.167$. Clipping prevents the explosion, but not the forgetting. The next lesson is about that.

In the Explorer, compare the curves of the norm before and after clipping. If *every* step is clipped, the threshold sets the size of each update.
"""

# %% [markdown] lang="zh"
r"""
顺着爆炸的梯度走一步，权重就偏得太远，训练再也无法恢复。裁剪之后，同一个网络保持稳定，最后停在灰色的带子里，也就是没有记忆的网络的水平：永远回答 1，误差是 $1/6 = 0.167$。梯度裁剪能防止爆炸，但不能防止遗忘。下一课就讲这个问题。

在 Explorer 里看看曲线：裁剪前和裁剪后的范数。如果*每一步*都被裁剪，每次更新的大小就由阈值决定。
"""

# %%
verdict = rw.tasks.expected("adding", "RNN").judge(range(steps), losses["clip at 1"])
print(verdict)
recorder.close()

# %% [markdown] lang="en"
r"""
## Exercises

**1.** By the formula of section 1, how large must ρ be so that at least 1 % of the gradient is left at $t = 1$?

<details><summary>Answer</summary>

$\rho^{99} \ge 0.01$, so $\rho \ge 0.01^{1/99} = 0.955$. Try it with the slider.
</details>

**2.** In section 1 set ρ = 1.5 and find the **s** at which the ratio is near 1. Is that a good way to cure an explosion?

<details><summary>Answer</summary>

About 0.5, as the table of section 2 suggests. It is no cure: the gradient is small because the units are saturated, and saturated units pass on little of their input.
</details>

**3.** A forget gate has the value $f$. On the path through the cell state the factor per step is $f$ itself. With which bias is half of the gradient left after 50 steps, if the gate depends on its bias alone?

<details><summary>Answer</summary>

$f^{50} = 1/2$ gives $f = 2^{-1/50} = 0.986$, and $b_f = \ln\frac{f}{1-f} = 4.27$.
</details>

## What to take away

* Each step back multiplies the gradient by $W_{hh}^\top\operatorname{diag}(1-h_t^2)$: a product of many such factors vanishes or explodes easily.
* With $\tanh$, the gradient vanishes for certain if the norm (the largest singular value) of $W_{hh}$ is below 1; it can explode only if the norm is above 1. The spectral radius equals the norm
  only for normal matrices such as $\rho\,Q$.
* Initialisation matters: orthogonal, identity, forget bias. PyTorch's default LSTM has none of these.
* Clip against explosion, and check how many steps are clipped.
"""

# %% [markdown] lang="zh"
r"""
## 练习

**1.** 按第 1 节的公式，ρ 至少要多大，梯度到达 $t = 1$ 时才能剩下 1%？

<details><summary>答案</summary>

$\rho^{99} \ge 0.01$，所以 $\rho \ge 0.01^{1/99} = 0.955$。用滑块试一试。
</details>

**2.** 在第 1 节里取 ρ = 1.5，找一个 **s**，使比值接近 1。这算不算治好了梯度爆炸？

<details><summary>答案</summary>

约 0.5，从第 2 节的表可以看出。但这不算治好：梯度变小是因为单元饱和了，而饱和的单元几乎不再传递输入的信息。
</details>

**3.** 某个遗忘门的值是 $f$。沿细胞状态往回传，每步的因子就是 $f$。如果这个门只取决于偏置，偏置取多少，梯度回传 50 步后才会还剩一半？

<details><summary>答案</summary>

由 $f^{50} = 1/2$ 得 $f = 2^{-1/50} = 0.986$，于是 $b_f = \ln\frac{f}{1-f} = 4.27$。
</details>

## 小结

* 梯度每往回一步，就要乘一次 $W_{hh}^\top\operatorname{diag}(1-h_t^2)$；许多这样的因子相乘，很容易消失或爆炸。
* 激活函数为 $\tanh$ 时，若 $W_{hh}$ 的范数（最大奇异值）小于 1，梯度必然消失；只有范数大于 1 时才可能爆炸。只有正规矩阵（例如 $\rho\,Q$）的谱半径才等于范数。
* 初始化很重要：正交矩阵、单位矩阵、遗忘门偏置。PyTorch 默认的 LSTM 一样也没有。
* 用裁剪对付爆炸，并且留意有多少步被裁剪了。
"""
