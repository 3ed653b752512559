# %% [markdown] lang="en"
r"""
# Questions and challenges

Frequent questions at the end of a course, each answered by a small experiment: Why not a feed-forward network? RNN, LSTM or GRU? What does a long sequence cost? What do I try when training fails? And what came after?
"""

# %% [markdown] lang="zh"
r"""
# 疑问与挑战

课程结束时常见的问题，每个都用一个小实验来回答：为什么不用前馈网络？RNN、LSTM 还是 GRU？序列长了要付出什么？训练失败了该试什么？后来又出现了什么？
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
lag = 5                              # in question 1: how far back the answer lies
echo_steps = 400                     # training steps in question 1
order_length = 40                    # in question 2
order_steps = 600                    # training steps in question 2
lengths = [50, 100, 200, 400]        # in question 3
broken_steps = 60                    # training steps in question 4

# %% [markdown] lang="en"
r"""
## 1. Why not a feed-forward network?

Task: repeat the bit that was read `lag` steps before. A feed-forward network sees a *window* of the last inputs and nothing else; a recurrent one sees one input and its own state. A network that does not know the bit can only guess, at a cost of $\ln 2 = 0.693$.
"""

# %% [markdown] lang="zh"
r"""
## 1. 为什么不用前馈网络？

任务：把 `lag` 步之前读到的那一位重复出来。前馈网络只看得见最近若干个输入组成的*窗口*；循环网络只看一个输入，外加自己的状态。不知道那一位的，只能猜，代价是 $\ln 2 = 0.693$。
"""

# %%
class Window(nn.Module):
    def __init__(self, width, hidden=32):
        super().__init__()
        self.width = width
        self.net = nn.Sequential(nn.Linear(2 * width, hidden), nn.Tanh(), nn.Linear(hidden, 2))

    def forward(self, x):                                                  # (time, sample)
        bits = nn.functional.one_hot(x, 2).float()
        padded = torch.cat([torch.zeros(self.width - 1, *bits.shape[1:]), bits])
        return self.net(torch.cat([padded[k : k + len(x)] for k in range(self.width)], dim=-1))


def echo(length=30, batch=32, seed=0):
    chance = torch.Generator().manual_seed(seed)
    while True:
        x = torch.randint(2, (length, batch), generator=chance)
        yield x, x.roll(lag, 0)


makers = {
    f"window of {lag - 1}": lambda: Window(lag - 1),
    f"window of {lag + 1}": lambda: Window(lag + 1),
    "RNN": lambda: rw.tasks.SymbolModel(2, hidden=32, cell="RNN"),
}
echo_losses = {}
for name, make in makers.items():
    torch.manual_seed(0)
    model = make()
    adam = torch.optim.Adam(model.parameters(), lr=3e-3 if name == "RNN" else 1e-2)
    losses = []
    for step, (x, y) in zip(range(echo_steps), echo()):
        loss = nn.functional.cross_entropy(model(x)[lag:].flatten(0, 1), y[lag:].flatten())
        adam.zero_grad()
        loss.backward()
        adam.step()
        losses.append(loss.item())
    echo_losses[name] = losses
    print(f"{name:14} {sum(p.numel() for p in model.parameters()):6,} parameters   loss {np.mean(losses[-20:]):.3f}   ln 2 = {math.log(2):.3f}")

# %% include="draw"

# %%
guessed = rw.tasks.Band(low=0.68, high=0.71, due=0, source="ln 2: a fair bit, guessed")
for name, values in echo_losses.items():
    print(f"{name:14} ln 2: {guessed.judge(range(echo_steps), values)}")
draw({name: (np.arange(len(values)), values) for name, values in echo_losses.items()}, band=guessed)

# %% [markdown] lang="en"
r"""
The grey strip is the loss of guessing (✓ means inside). A window that is wide enough works well and is cheap. A window that is too short can *never* solve the task, however long it trains, and usually nobody knows how far back the answer lies. A recurrent network has no such limit, but it must learn what to keep.

## 2. RNN, LSTM or GRU?

Temporal order (Hochreiter and Schmidhuber 1997, [doi:10.1162/neco.1997.9.8.1735](https://doi.org/10.1162/neco.1997.9.8.1735), section 5.6; Pascanu, Mikolov and Bengio 2013, [doi:10.48550/arXiv.1211.5063](https://doi.org/10.48550/arXiv.1211.5063)): two markers, each X or Y, are hidden in noise, far apart. Which ones, and in which order? A guess is right one time in four.
"""

# %% [markdown] lang="zh"
r"""
灰色的带子是随机猜的损失（✓ 表示在里面）。窗口够宽，前馈网络效果好，代价也小。窗口太短，无论怎样训练都*永远*做不到；而答案在多远之前，通常无法事先知道。循环网络没有这个限制，但必须学会保留什么。

## 2. RNN、LSTM 还是 GRU？

时序问题（Hochreiter 和 Schmidhuber，1997，[doi:10.1162/neco.1997.9.8.1735](https://doi.org/10.1162/neco.1997.9.8.1735)，第 5.6 节；Pascanu、Mikolov 和 Bengio，2013，[doi:10.48550/arXiv.1211.5063](https://doi.org/10.48550/arXiv.1211.5063)）：噪声里有两个相隔很远的记号，各是 X 或 Y。来的是哪两个？先后次序如何？瞎猜四次对一次。
"""

# %%
x, y = next(rw.tasks.temporal_order(length=order_length, batch=3, seed=4))
for column, answer in zip(x.T, y):
    print("".join(rw.tasks.ORDER_SYMBOLS[k] for k in column), "→", ["XX", "XY", "YX", "YY"][answer])

# %%
def started(cell, forget_bias=None):
    torch.manual_seed(0)
    model = rw.tasks.SymbolModel(6, hidden=32, cell=cell, classes=4)
    if forget_bias is not None:
        rw.tasks.set_forget_bias(model.lstm, forget_bias)
    return model


models = {"RNN": started("RNN"), "LSTM": started("LSTM"), "LSTM, bias 2": started("LSTM", 2), "GRU": started("GRU")}
optimizers = {name: torch.optim.Adam(model.parameters(), lr=3e-3 if name == "RNN" else 1e-2) for name, model in models.items()}
recorders = {name: rw.watch(model, optimizers[name], decode=rw.tasks.ORDER_SYMBOLS) for name, model in models.items()}
rw.Explorer(recorders, panels=["status", "steps", "flow", "curves"], language=language)

# %%
accuracy = {}
for name, model in models.items():
    accuracy[name] = []
    for step, (x, y) in zip(range(order_steps), rw.tasks.temporal_order(length=order_length, batch=32)):
        logits = model(x)[-1]
        loss = nn.functional.cross_entropy(logits, y)
        optimizers[name].zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizers[name].step()
        right = (logits.argmax(-1) == y).float().mean().item()
        recorders[name].log(loss=loss, accuracy=right)
        accuracy[name].append(right)
    recorders[name].close()
    print(f"{name:13} {np.mean(accuracy[name][-50:]):.0%}")
smooth = {name: np.convolve(values, np.ones(20) / 20, "valid") for name, values in accuracy.items()}
guessed = rw.tasks.Band(low=0.2, high=0.3, due=0, source="one in four classes, guessed")
draw({name: (np.arange(len(values)), values) for name, values in smooth.items()}, band=guessed, y="accuracy")

# %% [markdown] lang="en"
r"""
One task, one seed, one budget: that is an observation, not a ranking. Large comparisons find no overall winner between LSTM and GRU (Chung et al. 2014, [doi:10.48550/arXiv.1412.3555](https://doi.org/10.48550/arXiv.1412.3555); Greff et al. 2017, [doi:10.1109/TNNLS.2016.2582924](https://doi.org/10.1109/TNNLS.2016.2582924)); the most important parts of an LSTM are the forget gate and the nonlinearity of the output (Greff et al.). Start with a GRU, or an LSTM with an
open forget gate, and look at the gradient.

## 3. What does a long sequence cost?

A recurrent network takes its steps one after the other: the time grows with the length $T$, and no second processor helps. Self-attention compares every time with every other: all at once, but $T^2$ comparisons. One forward and backward pass of each, 64 wide, 16 sequences:
"""

# %% [markdown] lang="zh"
r"""
一道题、一个种子、一份预算：这是一次观察，不是排名。大规模的比较并没有在 LSTM 与 GRU 之间分出胜负（Chung 等，2014，[doi:10.48550/arXiv.1412.3555](https://doi.org/10.48550/arXiv.1412.3555)；Greff 等，2017，[doi:10.1109/TNNLS.2016.2582924](https://doi.org/10.1109/TNNLS.2016.2582924)）；在 LSTM 的各个部件里，最重要的是遗忘门和输出的非线性（Greff 等）。先用 GRU，或者遗忘门打开的 LSTM，然后看梯度。

## 3. 序列长了，要付出什么？

循环网络只能一步接一步地走：时间随长度 $T$ 增长，多一个处理器也帮不上忙。自注意力让每个时间步与其他所有时间步比较：可以同时进行，但要比较 $T^2$ 次。两者各做一次前向和反向传播，宽度 64，16 个序列：
"""

# %%
lstm, attention = nn.LSTM(64, 64), nn.MultiheadAttention(64, 4)


def milliseconds(call, repeats=5):
    spent = []
    for _ in range(repeats):
        began = time.process_time()
        call().sum().backward()
        spent.append(1000 * (time.process_time() - began))
    return min(spent)


cost = {"LSTM": [], "attention": []}
print("   T    LSTM  per time     attention  per time   (ms)")
for length in lengths:
    x = torch.randn(length, 16, 64)
    cost["LSTM"].append(milliseconds(lambda: lstm(x)[0]))
    cost["attention"].append(milliseconds(lambda: attention(x, x, x, need_weights=False)[0]))
    one, other = cost["LSTM"][-1], cost["attention"][-1]
    print(f"{length:4} {one:7.1f}   {one / length:.4f}      {other:7.1f}     {other / length:.4f}")

# %% [markdown] lang="en"
r"""
The LSTM's cost per time stays the same; that of attention grows. And the gradient? In attention every time is *one* step away from every other, so nothing has to survive a power of $T$:
"""

# %% [markdown] lang="zh"
r"""
LSTM 平均到每个时间步的代价不变，自注意力的则在增长。梯度呢？在自注意力里，任何两个时间步之间都只有*一*步，没有什么需要经受 $T$ 次幂的考验：
"""

# %%
torch.manual_seed(0)
arrives = {}
for name, layer in {"RNN": nn.RNN(64, 64), "LSTM": nn.LSTM(64, 64), "attention": attention}.items():
    x = torch.randn(50, 16, 64, requires_grad=True)
    output = layer(x, x, x)[0] if name == "attention" else layer(x)[0]
    output[-1].pow(2).sum().backward()
    size = x.grad.norm(dim=(1, 2))
    arrives[name] = (size[0] / size[-1]).item()
    print(f"{name:10} |dL/dx_1| / |dL/dx_50| = {arrives[name]:.1e}")

# %% [markdown] lang="en"
r"""
That is one reason why transformers (Vaswani et al. 2017, [doi:10.48550/arXiv.1706.03762](https://doi.org/10.48550/arXiv.1706.03762)) replaced recurrent networks where sequences are long and computers are large. A recurrent network needs only its state to continue: memory and time for each new input are constant. That is why recurrences are still used
where text is generated or signals are read one by one.

## 4. What do I try when training fails?

First look, then try. This training run is set up badly on purpose: recurrent weights of $1.5\,Q$, no clipping.
"""

# %% [markdown] lang="zh"
r"""
这是 Transformer（Vaswani 等，2017，[doi:10.48550/arXiv.1706.03762](https://doi.org/10.48550/arXiv.1706.03762)）在长序列、大机器上后来居上的原因之一。但循环网络往下走只需要自己的状态：每来一个新输入，内存和时间都不变。所以在逐字生成、逐点读取信号的场合，循环结构仍然有用。

## 4. 训练失败了，该试什么？

先看，再试。下面是一次故意没设好的训练：循环权重取 $1.5\,Q$，不裁剪。
"""

# %%
torch.manual_seed(0)
broken = rw.tasks.AddingModel(hidden=64, cell="RNN")
with torch.no_grad():
    nn.init.orthogonal_(broken.rnn.weight_hh_l0)
    broken.rnn.weight_hh_l0 *= 1.5
sgd = torch.optim.SGD(broken.parameters(), lr=0.05)
failing = rw.watch(broken, sgd, every=1)
for step, (x, y) in zip(range(broken_steps), rw.tasks.adding(length=50)):
    loss = nn.functional.mse_loss(broken(x), y)
    sgd.zero_grad()
    loss.backward()
    sgd.step()
    failing.log(loss=loss)
failing.close()

findings = rw.diagnose(failing.recording)
for finding in findings:
    print(finding.text(language), "\n")
rw.Explorer(failing, language=language)

# %% [markdown] lang="en"
r"""
| what you see | where | what to try |
|---|---|---|
| loss jumps or becomes NaN | curves; gradient norm before clipping | clip at 1; a lower learning rate; check the eigenvalues of $W_{hh}$ |
| loss stays at the baseline without memory, gradient falls steeply to the left | gradient through time | GRU or LSTM; forget bias 1; orthogonal $W_{hh}$; shorter pieces of BPTT at first |
| gates are at 0 or 1 early in training | saturation | a lower learning rate; smaller initial weights; scaled inputs |
| every step is clipped | gradient norm before and after | a higher threshold, or a lower learning rate without clipping |
| training loss falls, test loss rises | curves | dropout; a smaller network; more data; stop earlier |
| all is well, but slow | overhead, cost per step | shorter sequences, larger batches |

## 5. Exercises

**1.** In question 1, how wide must the window be for `lag = 20`, and how many parameters has the network then? And the RNN?

<details><summary>Answer</summary>

21 inputs wide at least (the present one and 20 before); $2\cdot21\cdot32 + 32 + 66 = 1\,442$. The RNN keeps its 1 218, but must carry 20 bits in 32 units: it will need more steps, or more units, or gates.
</details>

**2.** In question 2 an LSTM with PyTorch's default bias may stay at 25 %. Which picture of the Explorer shows why, before the training is over?

<details><summary>Answer</summary>

The gradient through time: with forget gates at one half almost nothing reaches the first marker, some 34 steps before the end. Compare with bias 2, where it arrives.
</details>

**3.** From the table of question 3: at which length would attention cost as much as the LSTM if both had unlimited processors?

<details><summary>Answer</summary>

Never: with enough processors all comparisons of attention happen at once, while the $T$ steps of the LSTM still run one after the other. This is about time; attention always needs memory for the $T^2$ comparisons.
</details>

## 6. References

* Elman (1990), Finding structure in time, [doi:10.1207/s15516709cog1402_1](https://doi.org/10.1207/s15516709cog1402_1)
* Werbos (1990), Backpropagation through time: what it does and how to do it, [doi:10.1109/5.58337](https://doi.org/10.1109/5.58337)
* Bengio, Simard and Frasconi (1994), Learning long-term dependencies with gradient descent is difficult, [doi:10.1109/72.279181](https://doi.org/10.1109/72.279181)
* Hochreiter and Schmidhuber (1997), Long short-term memory, [doi:10.1162/neco.1997.9.8.1735](https://doi.org/10.1162/neco.1997.9.8.1735)
* Gers, Schmidhuber and Cummins (2000), Learning to forget, [doi:10.1162/089976600300015015](https://doi.org/10.1162/089976600300015015)
* Pascanu, Mikolov and Bengio (2013), On the difficulty of training recurrent neural networks, [doi:10.48550/arXiv.1211.5063](https://doi.org/10.48550/arXiv.1211.5063)
* Cho et al. (2014), Learning phrase representations using RNN encoder-decoder, [doi:10.3115/v1/D14-1179](https://doi.org/10.3115/v1/D14-1179)
* Chung et al. (2014), Empirical evaluation of gated recurrent neural networks, [doi:10.48550/arXiv.1412.3555](https://doi.org/10.48550/arXiv.1412.3555)
* Le, Jaitly and Hinton (2015), A simple way to initialize recurrent networks of rectified linear units, [doi:10.48550/arXiv.1504.00941](https://doi.org/10.48550/arXiv.1504.00941)
* Karpathy, Johnson and Fei-Fei (2015), Visualizing and understanding recurrent networks, [doi:10.48550/arXiv.1506.02078](https://doi.org/10.48550/arXiv.1506.02078)
* Arjovsky, Shah and Bengio (2016), Unitary evolution recurrent neural networks, [doi:10.48550/arXiv.1511.06464](https://doi.org/10.48550/arXiv.1511.06464)
* Vaswani et al. (2017), Attention is all you need, [doi:10.48550/arXiv.1706.03762](https://doi.org/10.48550/arXiv.1706.03762)

## What to take away

* A feed-forward network sees nothing outside its window; a recurrent network can remember, but must learn what to keep.
* Gates help where memory must last; try which kind works best.
* Recurrence costs time in proportion to the length, one step after the other; attention costs the square, all at once.
* When training fails, look at the gradient before you change anything.
"""

# %% [markdown] lang="zh"
r"""
| 看到什么 | 在哪里看 | 试什么 |
|---|---|---|
| 损失突然跳高，或变成 NaN | 曲线；裁剪前的梯度范数 | 在 1 处裁剪；降低学习率；看 $W_{hh}$ 的特征值 |
| 损失停在不靠记忆的水平，梯度向左急剧下降 | 沿时间的梯度 | GRU 或 LSTM；遗忘门偏置 1；正交的 $W_{hh}$；先用较短的片段做沿时间反向传播 |
| 门很早就停在 0 或 1 | 饱和 | 降低学习率；减小初始权重；缩放输入 |
| 每一步都被裁剪 | 裁剪前后的梯度范数 | 提高阈值；或者降低学习率，免去裁剪 |
| 训练损失下降，测试损失上升 | 曲线 | dropout；更小的网络；更多数据；早些停 |
| 一切正常，只是慢 | 开销、每步代价 | 更短的序列，更大的批次 |

## 5. 练习

**1.** 在问题 1 里，`lag = 20` 时窗口至少要多宽？这时网络有多少参数？RNN 呢？

<details><summary>答案</summary>

至少 21 个输入（当前的一个加上之前的 20 个）；参数 $2\cdot21\cdot32 + 32 + 66 = 1\,442$ 个。RNN 仍是 1 218 个，但要用 32 个单元携带 20 位：它需要更多的训练步，或更多的单元，或者门。
</details>

**2.** 在问题 2 里，按 PyTorch 默认偏置的 LSTM 可能停在 25%。训练还没结束时，Explorer 的哪幅图已经说明了原因？

<details><summary>答案</summary>

沿时间的梯度：遗忘门在 0.5 时，几乎没有梯度能到达第一个记号，它在末尾之前约 34 步。与偏置 2 比较，那时梯度能到达。
</details>

**3.** 根据问题 3 的表：如果两者都有无限多的处理器，长度为多少时，自注意力的耗时与 LSTM 相同？

<details><summary>答案</summary>

不会有这样的长度：处理器足够多时，自注意力的所有比较同时完成，而 LSTM 的 $T$ 步仍要一步等一步。这说的是时间；存放 $T^2$ 次比较的内存总是要有的。
</details>

## 6. 参考文献

* Elman（1990），Finding structure in time，[doi:10.1207/s15516709cog1402_1](https://doi.org/10.1207/s15516709cog1402_1)
* Werbos（1990），Backpropagation through time: what it does and how to do it，[doi:10.1109/5.58337](https://doi.org/10.1109/5.58337)
* Bengio、Simard、Frasconi（1994），Learning long-term dependencies with gradient descent is difficult，[doi:10.1109/72.279181](https://doi.org/10.1109/72.279181)
* Hochreiter、Schmidhuber（1997），Long short-term memory，[doi:10.1162/neco.1997.9.8.1735](https://doi.org/10.1162/neco.1997.9.8.1735)
* Gers、Schmidhuber、Cummins（2000），Learning to forget，[doi:10.1162/089976600300015015](https://doi.org/10.1162/089976600300015015)
* Pascanu、Mikolov、Bengio（2013），On the difficulty of training recurrent neural networks，[doi:10.48550/arXiv.1211.5063](https://doi.org/10.48550/arXiv.1211.5063)
* Cho 等（2014），Learning phrase representations using RNN encoder-decoder，[doi:10.3115/v1/D14-1179](https://doi.org/10.3115/v1/D14-1179)
* Chung 等（2014），Empirical evaluation of gated recurrent neural networks，[doi:10.48550/arXiv.1412.3555](https://doi.org/10.48550/arXiv.1412.3555)
* Le、Jaitly、Hinton（2015），A simple way to initialize recurrent networks of rectified linear units，[doi:10.48550/arXiv.1504.00941](https://doi.org/10.48550/arXiv.1504.00941)
* Karpathy、Johnson、Fei-Fei（2015），Visualizing and understanding recurrent networks，[doi:10.48550/arXiv.1506.02078](https://doi.org/10.48550/arXiv.1506.02078)
* Arjovsky、Shah、Bengio（2016），Unitary evolution recurrent neural networks，[doi:10.48550/arXiv.1511.06464](https://doi.org/10.48550/arXiv.1511.06464)
* Vaswani 等（2017），Attention is all you need，[doi:10.48550/arXiv.1706.03762](https://doi.org/10.48550/arXiv.1706.03762)

## 小结

* 前馈网络看不到窗口之外的内容；循环网络能够记忆，但要学会保留什么。
* 需要长久记忆的地方，门有用；用哪一种，试了才知道。
* 循环的耗时与长度成正比，一步接一步；自注意力与长度的平方成正比，但可以同时进行。
* 训练失败时，先看梯度，再动手改。
"""
