# %% [markdown] lang="en"
r"""
# Training it

A recurrent network is trained like any other: run it forward, measure the loss, carry the gradient back, move the weights. Only the third step is new, because the same weights act at every time. You do it by hand for a
sequence of three, compare the result with autograd and with the recorder, and learn why the usual plot of "the gradient at each timestep" is wrong.
"""

# %% [markdown] lang="zh"
r"""
# 训练循环神经网络

训练循环神经网络和训练别的网络一样：前向计算，求损失，把梯度传回去，移动权重。只有第三步是新的，因为同一组权重在每个时间步都起作用。这一课里，你对长度为 3 的序列亲手算一遍，再与自动求导和记录器显示的结果对照；最后弄明白，为什么常见的“每个时间步的梯度”图是错的。
"""

# %%
import numpy as np
import torch
from torch import nn

import rnnwidgets as rw

torch.set_num_threads(1)
torch.set_printoptions(precision=6)

# %% lang="en"
language = "en"    # of the Explorer and of findings: "en" or "zh"

# %% lang="zh"
language = "zh"    # of the Explorer and of findings: "en" or "zh"

# %% tags=["parameters"]
T = 100                       # times in section 3
rates = [0.001, 0.03, 0.3]    # learning rates in section 4
steps = 600                   # training steps of each

# %% [markdown] lang="en"
r"""
## 1. The four steps

Write $\theta$ for all weights together. One step of training is

1. **forward**: $h_t = \tanh(W_{hh}h_{t-1} + W_{xh}a_t + b_h)$ with $a_t = x_t$, for $t = 1,\dots,T$, and $y = W_{hy}h_T + b_y$;
2. **loss**: $L = \tfrac12 (y-y^*)^2$;
3. **backward**: $\partial L/\partial\theta$, by backpropagation through time (BPTT);
4. **update**: $\theta \leftarrow \theta - \alpha\,\dfrac{\partial L}{\partial\theta}$, with the learning rate $\alpha$.

The third step is the chain rule, applied from the end to the beginning. With $D_t = \partial L/\partial h_t$ and $\delta_t = (1-h_t^2)\odot D_t$, the gradient before the $\tanh$:

$$
D_T = W_{hy}^\top\,(y-y^*), \qquad D_{t-1} = W_{hh}^\top\,\delta_t,
\qquad
\frac{\partial L}{\partial W_{hh}} = \sum_{t=1}^{T}\delta_t\,h_{t-1}^\top, \quad
\frac{\partial L}{\partial W_{xh}} = \sum_{t=1}^{T}\delta_t\,a_t^\top, \quad
\frac{\partial L}{\partial b_h} = \sum_{t=1}^{T}\delta_t .
$$

The sums are there because the weights are *shared*: every time contributes its part (Werbos 1990, [doi:10.1109/5.58337](https://doi.org/10.1109/5.58337)).
"""

# %% [markdown] lang="zh"
r"""
## 1. 四个步骤

把全部权重合起来记作 $\theta$。训练的一步是：

1. **前向传播**：$h_t = \tanh(W_{hh}h_{t-1} + W_{xh}a_t + b_h)$，其中 $a_t = x_t$，$t = 1,\dots,T$；然后 $y = W_{hy}h_T + b_y$；
2. **损失**：$L = \tfrac12 (y-y^*)^2$；
3. **反向传播**：用沿时间反向传播（BPTT）求 $\partial L/\partial\theta$；
4. **更新**：$\theta \leftarrow \theta - \alpha\,\dfrac{\partial L}{\partial\theta}$，$\alpha$ 是学习率。

第三步就是链式法则，从末尾用到开头。记 $D_t = \partial L/\partial h_t$，再记 $\tanh$ 之前的梯度为 $\delta_t = (1-h_t^2)\odot D_t$：

$$
D_T = W_{hy}^\top\,(y-y^*), \qquad D_{t-1} = W_{hh}^\top\,\delta_t,
\qquad
\frac{\partial L}{\partial W_{hh}} = \sum_{t=1}^{T}\delta_t\,h_{t-1}^\top, \quad
\frac{\partial L}{\partial W_{xh}} = \sum_{t=1}^{T}\delta_t\,a_t^\top, \quad
\frac{\partial L}{\partial b_h} = \sum_{t=1}^{T}\delta_t .
$$

之所以有求和，是因为权重是*共享*的：每个时间步都贡献自己的一份（Werbos，1990，[doi:10.1109/5.58337](https://doi.org/10.1109/5.58337)）。
"""

# %%
generator = torch.Generator().manual_seed(3)


def numbers(*shape):
    return torch.randn(*shape, dtype=torch.float64, generator=generator)


W_xh, W_hh, b_h = numbers(2, 1), numbers(2, 2), numbers(2)
W_hy, b_y = numbers(1, 2), numbers(1)
a, target = numbers(3, 1), numbers(1)

# 1. forward
h = [torch.zeros(2, dtype=torch.float64)]
for t in (1, 2, 3):
    h.append(torch.tanh(W_hh @ h[t - 1] + W_xh @ a[t - 1] + b_h))
y = W_hy @ h[3] + b_y

# 2. loss
L = 0.5 * (y - target).square().sum()

# 3. backward
D = {3: W_hy.T @ (y - target)}
hand = {"W_hh": torch.zeros_like(W_hh), "W_xh": torch.zeros_like(W_xh), "b_h": torch.zeros_like(b_h)}
for t in (3, 2, 1):
    delta = (1 - h[t] ** 2) * D[t]
    hand["W_hh"] += torch.outer(delta, h[t - 1])
    hand["W_xh"] += torch.outer(delta, a[t - 1])
    hand["b_h"] += delta
    D[t - 1] = W_hh.T @ delta

# 4. update
alpha = 0.1
new_W_hh = W_hh - alpha * hand["W_hh"]

print("L =", L.item())
for t in (1, 2, 3):
    print(f"t = {t}:  h = {h[t].numpy().round(6)}   D = dL/dh = {D[t].numpy().round(6)}")

# %% [markdown] lang="en"
r"""
## 2. The same by PyTorch, and in the recorder

`nn.RNN` with the same numbers (it has two biases, one of which we leave at zero). Autograd gives the gradients of the weights, and `torch.optim.SGD` does step 4. The recorder sees $h_t$ and $D_t$, there called `h` and `dh`.
"""

# %% [markdown] lang="zh"
r"""
## 2. 用 PyTorch 再算一遍，并与记录器对照

给 `nn.RNN` 同样的数（它有两个偏置，其中一个留作零）。自动求导给出权重的梯度，`torch.optim.SGD` 完成第 4 步。记录器看到的是 $h_t$ 和 $D_t$，在那里叫 `h` 和 `dh`。
"""

# %%
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = nn.RNN(1, 2, dtype=torch.float64)
        self.readout = nn.Linear(2, 1, dtype=torch.float64)

    def forward(self, x):
        states, _ = self.rnn(x)             # (time, sample, unit)
        return self.readout(states[-1])


net = Net()
with torch.no_grad():
    for place, value in ((net.rnn.weight_ih_l0, W_xh), (net.rnn.weight_hh_l0, W_hh), (net.rnn.bias_ih_l0, b_h),
                         (net.rnn.bias_hh_l0, torch.zeros_like(b_h)), (net.readout.weight, W_hy), (net.readout.bias, b_y)):
        place.copy_(value)

sgd = torch.optim.SGD(net.parameters(), lr=alpha)
small = rw.watch(net, sgd, every=1)
loss = 0.5 * (net(a.unsqueeze(1)) - target).square().sum()
loss.backward()
sgd.step()
small.close()

trace = small.recording[0]["rnn.l0"]
pairs = {
    "dL/dW_hh  hand - autograd": (hand["W_hh"], net.rnn.weight_hh_l0.grad),
    "dL/dW_xh  hand - autograd": (hand["W_xh"], net.rnn.weight_ih_l0.grad),
    "dL/db_h   hand - autograd": (hand["b_h"], net.rnn.bias_ih_l0.grad),
    "h_t       hand - recorder": (torch.stack(h[1:]), torch.tensor(trace["h"][:, 0])),
    "dL/dh_t   hand - recorder": (torch.stack([D[1], D[2], D[3]]), torch.tensor(trace["dh"][:, 0])),
    "W_hh      hand - SGD":      (new_W_hh, net.rnn.weight_hh_l0.detach()),
}
for name, (one, other) in pairs.items():
    print(f"{name}: {(one - other).abs().max():.1e}")
    torch.testing.assert_close(one, other, rtol=1e-12, atol=1e-14)

# %% [markdown] lang="en"
r"""
The Explorer shows the same numbers. Choose the tab `dh`, click a time and a unit (both counted from 0, so that its t = 1 is our $t = 2$): the cell panel puts them into the equation.
"""

# %% [markdown] lang="zh"
r"""
同样的数也在 Explorer 里。选 `dh` 标签，点一个时间步和一个单元（都从 0 数起，所以它的 t = 1 就是我们的 $t = 2$）：单元结构面板会把这些数代进公式。
"""

# %%
rw.Explorer(small, panels=["steps", "gates", "cell", "flow"], unit=0, time=1, language=language)

# %% [markdown] lang="en"
r"""
## 3. Direct and total gradient: why the usual plot is wrong

Everybody wants to see "the gradient at each timestep", and the obvious way is `output.retain_grad()`. For a fused layer such as `nn.RNN` that shows only what the loss gives to the output *directly*. The part that comes back through the recurrence trains the earlier times, but it flows inside the layer and never
reaches that tensor. With a loss on the last output the gradient of `output` is zero at all times but one; with a loss on `h_n` there is none.
"""

# %% [markdown] lang="zh"
r"""
## 3. 直接梯度与总梯度：为什么常见的图是错的

人人都想看“每个时间步的梯度”，最顺手的办法是 `output.retain_grad()`。可是对 `nn.RNN` 这样的融合层，它显示的只是损失*直接*给输出的那一份。真正训练前面时间步的，是经过循环传回来的那一份；它在层的内部流动，从不经过这个张量。如果损失只看最后一个输出，那么 `output` 的梯度除了一个时间步，其余全是零；如果损失加在 `h_n` 上，`output` 就没有梯度。
"""

# %%
torch.manual_seed(0)
layer = nn.RNN(2, 16, dtype=torch.float64)
watching = rw.watch(layer, every=1)

output, _ = layer(torch.rand(T, 4, 2, dtype=torch.float64))
output.retain_grad()
output[-1].pow(2).sum().backward()
watching.step()
direct = output.grad.norm(dim=(1, 2)).numpy()
total = np.linalg.norm(watching.recording[-1]["l0"]["dh"], axis=(1, 2))
print(f"loss on output[-1]:  output.grad is not zero at {np.count_nonzero(direct)} of {T} times, dL/dh_t at {np.count_nonzero(total)}")

output, h_n = layer(torch.rand(T, 4, 2, dtype=torch.float64))
output.retain_grad()
h_n.pow(2).sum().backward()
watching.step()
on_the_state = output.grad
print(f"loss on h_n:         output.grad is {on_the_state}")
watching.close()

# %% [markdown] lang="en"
r"""
*Direct* (`dy` in the recorder) and *total* (`dh`) differ by exactly the part that comes back through the recurrence:

$$ D_t \;=\; \underbrace{\frac{\partial L}{\partial y_t}\frac{\partial y_t}{\partial h_t}}_{\text{direct}} \;+\; W_{hh}^\top\,\delta_{t+1} . $$

If the loss uses `h_n`, the direct part at the last time includes what reaches $h_T$ through `h_n`. The panel *gradient through time* shows both lines:
"""

# %% [markdown] lang="zh"
r"""
*直接*梯度（记录器里的 `dy`）与*总*梯度（`dh`）之差，恰好就是经过循环传回来的部分：

$$ D_t \;=\; \underbrace{\frac{\partial L}{\partial y_t}\frac{\partial y_t}{\partial h_t}}_{\text{直接}} \;+\; W_{hh}^\top\,\delta_{t+1} . $$

如果损失用到 `h_n`，最后一个时间步的直接梯度也包括经过 `h_n` 传到 $h_T$ 的部分。*沿时间的梯度*面板显示这两条线：
"""

# %%
rw.GradientFlow(watching, language=language)

# %% [markdown] lang="en"
r"""
## 4. Gradient descent and its learning rate

Now train a network, with nothing but $\theta \leftarrow \theta - \alpha\,\partial L/\partial\theta$. The task: two of six numbers are marked; give their sum. The same network starts three times, with three learning rates. Show the Explorer, then run the loop.
"""

# %% [markdown] lang="zh"
r"""
## 4. 梯度下降与学习率

现在做一次真正的训练，只用 $\theta \leftarrow \theta - \alpha\,\partial L/\partial\theta$。任务是：六个数里有两个做了记号，给出它们的和。同一个网络从头训练三次，用三个学习率。先显示 Explorer，再运行循环。
"""

# %%
models, optimizers, runs = {}, {}, {}
for rate in rates:
    torch.manual_seed(0)
    models[rate] = rw.tasks.AddingModel(hidden=32, cell="RNN")
    optimizers[rate] = torch.optim.SGD(models[rate].parameters(), lr=rate)
    runs[f"α = {rate}"] = rw.watch(models[rate], optimizers[rate])
rw.Explorer(runs, panels=["status", "steps", "flow", "curves"], language=language)

# %%
curves = {name: [] for name in runs}
for rate, (name, recorder) in zip(rates, runs.items()):
    for step, (x, y) in zip(range(steps), rw.tasks.adding(length=6)):
        loss = nn.functional.mse_loss(models[rate](x), y)
        optimizers[rate].zero_grad()
        loss.backward()
        optimizers[rate].step()
        recorder.log(loss=loss)
        curves[name].append(loss.item())
    recorder.close()

# %% include="draw"

# %% [markdown] lang="en"
r"""
A network without memory cannot get below the grey strip: answering 1 every time costs exactly 1/6 = 0.167.
"""

# %% [markdown] lang="zh"
r"""
没有记忆的网络只能停在灰色的带子里：每次都回答 1，误差恰好是 1/6 = 0.167。
"""

# %%
memoryless = rw.tasks.Band(low=0.15, high=0.19, due=0, source="E[(u + v - 1)^2] = 1/6 for u, v uniform on [0, 1)")
for name, values in curves.items():
    print(f"{name:10s} last loss {np.mean(values[-50:]):.3f}    1/6: {memoryless.judge(range(steps), values)}")
smooth = {name: np.convolve(values, np.ones(20) / 20, "valid") for name, values in curves.items()}
draw({name: (np.arange(len(values)), values) for name, values in smooth.items()}, band=memoryless, log=True)

# %% [markdown] lang="en"
r"""
Too small, and nothing happens in the time you have; too large, and one step overshoots so far that the next gradient is larger still, until the values become infinite or NaN: the Explorer counts them and shows them in a separate colour. A rate in between learns.

## Exercises

**1.** Put the loss on *every* output in section 1, $L = \sum_t \frac12 (y_t - y_t^*)^2$. Which line of the code for step 3 changes?

<details><summary>Answer</summary>

Only the last: `D[t - 1] = W_hy.T @ (y[t - 1] - target[t - 1]) + W_hh.T @ delta`. Each time adds its direct part to what comes back from later.
</details>

**2.** In truncated BPTT the state is passed on but `detach()`ed every k steps. Which terms of $\sum_t \delta_t h_{t-1}^\top$ are missing then?

<details><summary>Answer</summary>

Those in which a loss lies behind a cut: $\delta_t$ contains only the losses of the same piece. The network still *remembers* across the cut, because its state continues, but it no longer *learns* across it.
</details>

**3.** The update is $\theta - \alpha\,\partial L/\partial\theta$. Why minus, and what is the first-order change of $L$?

<details><summary>Answer</summary>

$L(\theta - \alpha g) \approx L(\theta) - \alpha\lVert g\rVert^2$: against the gradient the loss falls, to first order, by $\alpha\lVert g\rVert^2$. With too large an $\alpha$ the second order takes over.
</details>

## What to take away

* Four steps: forward, loss, backward, update. BPTT is the chain rule on the unrolled network, with shared weights summed over time.
* $D_{t-1} = W_{hh}^\top\big((1-h_t^2)\odot D_t\big)$ plus what the loss gives directly. That total is what trains the network.
* A hook on the output of `nn.RNN`, `nn.LSTM` or `nn.GRU` shows at most the direct part.
* The learning rate decides whether the step helps.
"""

# %% [markdown] lang="zh"
r"""
学习率太小，在给定的时间里什么也不会发生；太大，一步就冲过了头，下一步的梯度更大，直到数值变成无穷大或 NaN：Explorer 会统计它们的个数，并用单独的颜色显示。合适的学习率在两者之间。

## 练习

**1.** 在第 1 节里把损失加到*每一个*输出上：$L = \sum_t \frac12 (y_t - y_t^*)^2$。第 3 步的代码要改哪一行？

<details><summary>答案</summary>

只改最后一行：`D[t - 1] = W_hy.T @ (y[t - 1] - target[t - 1]) + W_hh.T @ delta`。每个时间步把自己的直接部分加到从后面传回来的梯度上。
</details>

**2.** 截断的沿时间反向传播，是把状态传下去，但每 k 步 `detach()` 一次。这时 $\sum_t \delta_t h_{t-1}^\top$ 里少了哪些项？

<details><summary>答案</summary>

少了损失跨过断点传回去的部分：$\delta_t$ 里只剩下同一段之内的损失。网络仍然能跨过断点*记住*（状态还在往下传），但不再能跨过断点*学习*。
</details>

**3.** 更新公式是 $\theta - \alpha\,\partial L/\partial\theta$。为什么是减号？$L$ 的一阶变化是多少？

<details><summary>答案</summary>

$L(\theta - \alpha g) \approx L(\theta) - \alpha\lVert g\rVert^2$：逆着梯度走，损失在一阶近似下减少 $\alpha\lVert g\rVert^2$。$\alpha$ 太大时，二阶项就占了上风。
</details>

## 小结

* 四个步骤：前向传播、损失、反向传播、更新。沿时间反向传播就是在展开的网络上用链式法则，共享的权重对时间求和。
* $D_{t-1} = W_{hh}^\top\big((1-h_t^2)\odot D_t\big)$，再加上损失直接给的部分。训练网络的是这个总和。
* 在 `nn.RNN`、`nn.LSTM`、`nn.GRU` 的输出上挂钩子，最多只能看到直接部分。
* 这一步是进是退，由学习率决定。
"""
