# %% [markdown] lang="en"
r"""
# Long memories

Two classic memory benchmarks. On the first an LSTM fails, and you see why: the gradient from the end of the sequence never reaches its beginning. On the second it succeeds, and you find the one unit that stores what the network must remember.
"""

# %% [markdown] lang="zh"
r"""
# 长期记忆

两个经典的记忆基准任务。在第一个任务上 LSTM 失败了，而且看得出原因：序列末尾的梯度传不到开头。在第二个任务上它成功了，你会找到保存关键信息的那一个单元。
"""

# %%
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
delay = 30            # of the copy memory problem
copy_steps = 600      # training steps in section 1
reber_steps = 1000    # training steps of each run in section 2
seeds = 2             # runs of each cell in section 2

# %% [markdown] lang="en"
r"""
## 1. Copy memory

Ten symbols, many blanks, a marker; then the network has to write down the ten symbols (Hochreiter and Schmidhuber 1997, in the form of Arjovsky, Shah and Bengio 2016, [doi:10.48550/arXiv.1511.06464](https://doi.org/10.48550/arXiv.1511.06464)):
"""

# %% [markdown] lang="zh"
r"""
## 1. 复制问题

先是十个符号，然后是一长段空白，接着是一个标记；之后网络要把那十个符号原样写出来（Hochreiter 和 Schmidhuber，1997；这里采用 Arjovsky、Shah 和 Bengio 2016 年的形式，[doi:10.48550/arXiv.1511.06464](https://doi.org/10.48550/arXiv.1511.06464)）：
"""

# %%
x, y = next(rw.tasks.copy_memory(delay=delay, batch=1))
print("x:", "".join(rw.tasks.COPY_SYMBOLS[k] for k in x[:, 0]))
print("y:", "".join(rw.tasks.COPY_SYMBOLS[k] for k in y[:, 0]))

# %% [markdown] lang="en"
r"""
A network without memory can at best predict a blank where a blank is expected, and guess among eight symbols at the end. With a delay of $T$ that costs, per time,

$$ L_0 = \frac{10\,\ln 8}{T+20} . $$

In published results an LSTM stays on this line for a very long time. Show the Explorer, run the loop, and look at the gradient.
"""

# %% [markdown] lang="zh"
r"""
没有记忆的网络，最多只能在该空白的地方预测空白，最后在八个符号里随机猜。延迟为 $T$ 时，每个时间步的代价是

$$ L_0 = \frac{10\,\ln 8}{T+20} . $$

已发表的结果是：LSTM 会在这条线上停很久。先显示 Explorer，再运行循环，注意看梯度。
"""

# %%
torch.manual_seed(0)
copier = rw.tasks.SymbolModel(symbols=10, hidden=40, cell="LSTM", classes=9)
rmsprop = torch.optim.RMSprop(copier.parameters(), lr=1e-2, alpha=0.9)
copying = rw.watch(copier, rmsprop, every=10, decode=rw.tasks.COPY_SYMBOLS)
rw.Explorer(copying, language=language)

# %%
losses = []
for step, (x, y) in zip(range(copy_steps), rw.tasks.copy_memory(delay=delay)):
    loss = nn.functional.cross_entropy(copier(x).flatten(0, 1), y.flatten())
    rmsprop.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(copier.parameters(), 1.0)
    rmsprop.step()
    copying.log(loss=loss)
    losses.append(loss.item())
copying.close()

# %% include="draw"

# %%
baseline = rw.tasks.copy_baseline(delay)
band = rw.tasks.expected("copy", "LSTM")
copy_verdict = band.judge(range(len(losses)), np.array(losses) / baseline)
print(f"L_0 = {baseline:.4f}    L / L_0: {copy_verdict}")
draw({"LSTM": (np.arange(len(losses)), np.array(losses) / baseline)}, band=band, log=True, y="loss / L_0")

# %% [markdown] lang="en"
r"""
Here is the reason. The ten symbols are at $t = 1 \dots 10$, and the losses that depend on them are at the last ten times. How much of the gradient gets past the blanks?
"""

# %% [markdown] lang="zh"
r"""
原因在这里。十个符号在 $t = 1 \dots 10$，依赖它们的损失在最后十个时间步。穿过中间的空白之后，梯度还剩多少？
"""

# %%
norms = [np.linalg.norm(frame["lstm.l0"]["dh"], axis=(1, 2)) for frame in copying.recording[-20:]]
arrives = np.median([norm[:10].max() / norm.max() for norm in norms])
with torch.no_grad():
    x, y = next(rw.tasks.copy_memory(delay=delay, batch=500, seed=1))
    right = (copier(x).argmax(-1) == y).float()
print(f"|dL/dh_t|, t = 1..10: at most {arrives:.1e} of the largest, as a median of the last {len(norms)} frames")
print(f"correct: {right[:-10].mean():.1%} of the blanks, {right[-10:].mean():.1%} of the symbols (1/8 = 12.5%)")

# %% [markdown] lang="en"
r"""
Almost no gradient from the end reaches the beginning: the network has learned *when* to write, but not *what*.

## 2. The embedded Reber grammar

A string is made by walking through this diagram; where two arrows leave, each is taken with probability one half. The grammar is *embedded*: the second symbol, T or P, comes back as the last but one. Between them is a string of any length that contains no information about it.

```
        ┌─ T ─ inner ─ T ─┐
    B ──┤                 ├── E
        └─ P ─ inner ─ P ─┘

    inner:  B → 1      1: T → 2 │ P → 3      2: S → 2 │ X → 4      3: T → 3 │ V → 5
                       4: X → 3 │ S → 6      5: P → 4 │ V → 6      6: E
```
"""

# %% [markdown] lang="zh"
r"""
末尾的梯度几乎传不到开头：网络学会了*什么时候*写，却没学会写*什么*。

## 2. 嵌入式 Reber 文法

沿着下面的图走一遍，就得到一个字符串；有两个箭头时，各以一半的概率选择。所谓*嵌入式*，是说第二个符号（T 或 P）会在倒数第二个位置再次出现；两者之间隔着一段长短不定、对此毫无提示的字符串。

```
        ┌─ T ─ inner ─ T ─┐
    B ──┤                 ├── E
        └─ P ─ inner ─ P ─┘

    inner:  B → 1      1: T → 2 │ P → 3      2: S → 2 │ X → 4      3: T → 3 │ V → 5
                       4: X → 3 │ S → 6      5: P → 4 │ V → 6      6: E
```
"""

# %%
strings = next(rw.tasks.reber(batch=6, seed=1))
for column in strings.x.T:
    print("".join(rw.tasks.REBER_SYMBOLS[k] for k in column))

# %% [markdown] lang="en"
r"""
The network reads symbol by symbol and predicts the next one. A string counts as correct if the top prediction is legal at every position. All positions but one are easy; at the long-range symbol a guess is right half the time.

Hochreiter and Schmidhuber (1997, [doi:10.1162/neco.1997.9.8.1735](https://doi.org/10.1162/neco.1997.9.8.1735), section 5.1) introduced the LSTM with this task. Here we train a plain RNN and an LSTM of 15 units on it, each from several seeds:
"""

# %% [markdown] lang="zh"
r"""
网络逐个读符号，并预测下一个符号。如果在每个位置上，概率最高的预测都合法，这个字符串就算预测正确。除了一处，其余都很容易；在那个长程符号上，随机猜有一半会对。

Hochreiter 和 Schmidhuber（1997，[doi:10.1162/neco.1997.9.8.1735](https://doi.org/10.1162/neco.1997.9.8.1735)，第 5.1 节）正是用这道题介绍了 LSTM。这里让 15 个单元的普通 RNN 和 LSTM 各从几个随机种子开始训练：
"""

# %%
fresh = next(rw.tasks.reber(batch=256, seed=99))
models, optimizers, recorders = {}, {}, {}
for cell in ("RNN", "LSTM"):
    for seed in range(seeds):
        torch.manual_seed(seed)
        name = f"{cell} {seed}"
        models[name] = rw.tasks.SymbolModel(symbols=8, hidden=15, cell=cell)
        optimizers[name] = torch.optim.Adam(models[name].parameters(), lr=3e-3 if cell == "RNN" else 1e-2)
        recorders[name] = rw.watch(models[name], optimizers[name], decode=rw.tasks.REBER_SYMBOLS)
rw.Explorer({"RNN": recorders["RNN 0"], "LSTM": recorders["LSTM 0"]}, language=language)

# %%
legal = {}
for name, model in models.items():
    legal[name] = [], []
    for step, (x, y, _) in zip(range(reber_steps), rw.tasks.reber()):
        loss = nn.functional.cross_entropy(model(x).flatten(0, 1), y.flatten())     # y = -100 is not counted
        optimizers[name].zero_grad()
        loss.backward()
        optimizers[name].step()
        recorders[name].log(loss=loss)
        if step % 50 == 49:
            with torch.no_grad():
                whole, far = rw.tasks.reber_legality(model(fresh.x), fresh)
            legal[name][0].append(step + 1)
            legal[name][1].append(whole)
    recorders[name].close()

# %%
reber_verdict = {}
for name, (at, share) in legal.items():
    if name.startswith("LSTM"):
        reber_verdict[name] = rw.tasks.expected("reber", "LSTM").holds(share[-1])
    print(f"{name}: {share[-1]:.1%} of 256 fresh strings after {16 * at[-1]:,} strings    {reber_verdict.get(name, '')}")
draw(legal, band=rw.tasks.expected("reber", "LSTM"), y="legal")

# %% [markdown] lang="en"
r"""
## 3. Where does it keep the T or P?

For every unit of the LSTM we ask: does its cell state show, *at every position from the second symbol to the last but one*, which of the two was read? A unit scores 100 % if one threshold separates all strings with T from all with P at all times, and 50 % if it contains no information.
"""

# %% [markdown] lang="zh"
r"""
## 3. T 还是 P，记在哪里？

对 LSTM 的每个单元，我们都问：*从第二个符号到倒数第二个符号的每一处*，从细胞状态的值能不能看出读到的是哪一个？如果一个阈值就能在所有时间步把所有 T 串和 P 串分开，得分 100%；不含任何信息，得分 50%。
"""

# %%
keeper = models["LSTM 0"]
inspecting = rw.watch(keeper, every=1, samples=64, decode=rw.tasks.REBER_SYMBOLS)
nn.functional.cross_entropy(keeper(fresh.x).flatten(0, 1), fresh.y.flatten()).backward()
inspecting.step()
inspecting.close()

c = inspecting.recording[-1]["lstm.l0"]["c"]                       # (time, sample, unit)
ends = (fresh.y != -100).sum(dim=0).numpy()[:64] - 1
is_t = (fresh.x[1] == rw.tasks.REBER_SYMBOLS.index("T")).numpy()[:64]
inside = (np.arange(len(c))[:, None] >= 1) & (np.arange(len(c))[:, None] < ends)


def separation(unit):
    values, kind = c[..., unit][inside], np.broadcast_to(is_t, inside.shape)[inside]
    thresholds = np.quantile(values, np.linspace(0, 1, 201))
    agree = [((values > limit) == kind) for limit in thresholds]
    scores = [(hit[kind].mean() + hit[~kind].mean()) / 2 for hit in agree]
    return max(max(scores), 1 - min(scores))


score = {unit: separation(unit) for unit in range(c.shape[-1])}
ranking = sorted(score, key=score.get, reverse=True)
for unit in ranking[:5]:
    print(f"unit {unit:2}: {score[unit]:.1%}")
rw.Explorer(inspecting, panels=["steps", "gates", "units"], gate="c", unit=ranking[0], language=language)

# %% [markdown] lang="en"
r"""
Choose several samples in the Explorer and compare that row of `c`: at the second symbol it becomes high or low, and it stays so until the end.

## 4. Who teaches whom?

Take one string and only *one* loss, that of the long-range symbol. How large is its gradient at each earlier time? For the RNN we look at the gradient of $h_t$, for the LSTM at that of $c_t$, since the cell state is what carries the memory. In the RNN it vanishes on its way back; in the LSTM a part of it reaches the second symbol and stays nearly constant before that. Cashman et al. were the first to draw the gradient of each loss separately (RNNbow, [doi:10.48550/arXiv.1907.12545](https://doi.org/10.48550/arXiv.1907.12545)).
"""

# %% [markdown] lang="zh"
r"""
在 Explorer 里换几个样本，比较 `c` 的这一行：它的值在第二个符号处变高或变低，一直保持到最后。

## 4. 谁教会谁？

取一个字符串，而且只取*一个*损失，就是那个长程符号的损失。它在前面每个时间步的梯度有多大？RNN 看 $h_t$ 的梯度，LSTM 看 $c_t$ 的梯度，因为记忆由细胞状态携带。在 RNN 里，梯度在反向途中消失；在 LSTM 里，有一部分传到第二个符号，而且在前面这一段几乎不变。最早把每个损失的梯度分开画的是 Cashman 等人（RNNbow，[doi:10.48550/arXiv.1907.12545](https://doi.org/10.48550/arXiv.1907.12545)）。
"""

# %%
sample = int(np.argmin(np.abs(ends - 15)))
last = int(ends[sample]) - 1                                        # the time whose next symbol is the long-range one
symbols = [rw.tasks.REBER_SYMBOLS[k] for k in fresh.x[: last + 1, sample]]
teaches = {}
for name in ("RNN 0", "LSTM 0"):
    one = rw.watch(models[name], every=1, samples=1)
    logits = models[name](fresh.x[: last + 1, sample : sample + 1])
    nn.functional.cross_entropy(logits[last], fresh.y[last, sample : sample + 1]).backward()
    one.step()
    one.close()
    [trace] = one.recording[-1].traces.values()
    norm = np.linalg.norm(trace["dc" if "dc" in trace.names else "dh"], axis=(1, 2))
    teaches[name] = norm / norm[-1]
print("          " + "".join(f"{symbol:>7}" for symbol in symbols))
for name, share in teaches.items():
    print(f"{name:10}" + "".join(f"{value:7.4f}" for value in share))

# %% [markdown] lang="en"
r"""
The panel *who teaches whom* shows the same for all losses at once: row $s$, column $t$, the size of $\partial L_s/\partial h_t$. Everything right of the diagonal is empty, because a loss does not depend on later states.
"""

# %% [markdown] lang="zh"
r"""
*谁教会谁*面板一次画出所有损失：第 $s$ 行第 $t$ 列是 $\partial L_s/\partial h_t$ 的大小。对角线右边是空的，因为损失与之后的状态无关。
"""

# %%
rw.Explorer(recorders["LSTM 0"], panels=["steps", "matrix"], language=language)

# %% [markdown] lang="en"
r"""
## Exercises

**1.** What is the loss of a network without memory for a delay of 100, and how many symbols does it get right?

<details><summary>Answer</summary>

$10\ln 8/120 = 0.173$, and one in eight of the last ten. Try `delay = 100`: the LSTM stays there as well.
</details>

**2.** The LSTM learns Reber's strings but not the copy problem, although both need a memory across some 15 to 30 steps. What is different about *what* is to be kept?

<details><summary>Answer</summary>

One bit against thirty (ten symbols of three bits), each in its place. One unit that opens its forget gate is enough for the first; the second needs many units to learn together, and until they do, the loss hardly falls.
</details>

**3.** Give the LSTM of section 1 a forget bias of 3. What happens to the gradient at $t = 1\dots10$? And to the loss?

<details><summary>Answer</summary>

The gradient now arrives; the loss may still need thousands of steps to leave the line. A gradient that arrives is necessary for learning, but not sufficient.
</details>

## What to take away

* A loss on the line $10\ln 8/(T+20)$ means that the network has no memory of the symbols. Compute the baseline without memory before you judge a network.
* $\partial L/\partial h_t$ shows how much the beginning of a sequence can learn from its end; the matrix *who teaches whom* shows it for each loss separately.
* An LSTM is good at keeping one bit for a long time: one unit with an open forget gate is enough.
"""

# %% [markdown] lang="zh"
r"""
## 练习

**1.** 延迟为 100 时，没有记忆的答法损失是多少？能答对几个符号？

<details><summary>答案</summary>

$10\ln 8/120 = 0.173$，最后十个里对八分之一。设 `delay = 100` 试试：LSTM 也停在那里。
</details>

**2.** LSTM 学得会 Reber 字符串，却学不会复制问题，尽管两者都要记住大约 15 到 30 步。要记的*内容*有什么不同？

<details><summary>答案</summary>

一个比特对三十个比特（十个符号，每个三比特），而且每个都要放在自己的位置上。前者只要一个单元打开遗忘门就够了；后者要许多单元一起学会，在那之前损失几乎不下降。
</details>

**3.** 给第 1 节的 LSTM 设遗忘门偏置 3。$t = 1\dots10$ 处的梯度会怎样？损失呢？

<details><summary>答案</summary>

梯度现在到得了；损失却可能还要几千步才离开那条线。梯度到得了，是学习的必要条件，不是充分条件。
</details>

## 小结

* 损失停在 $10\ln 8/(T+20)$，说明网络没有记住这些符号。评价网络之前，先算出没有记忆时的基线。
* 序列的开头能从末尾学到多少，看 $\partial L/\partial h_t$；要把每个损失分开看，就看“谁教会谁”矩阵。
* LSTM 擅长长时间记住一个比特：一个遗忘门打开的单元就够了。
"""
