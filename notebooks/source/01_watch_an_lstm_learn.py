# %% [markdown] lang="en"
r"""
# Watch an LSTM learn

A recurrent network reads a sentence word by word and carries a state from each word to the next. In this notebook you train one on real
text and look inside it *while it learns*: every gate of every unit, and the gradient on its way back through time.

Five minutes, two processor cores, no graphics card.

> Outside this repository: `%pip install "rnnwidgets[all]"`, then reload the page.
"""

# %% [markdown] lang="zh"
r"""
# 看 LSTM 学习

循环神经网络逐词读一句话，每读一个词就更新一次状态，再带着这个状态去读下一个词。本课用真实的文本训练一个这样的网络，并且*在它学习的同时*看到它的内部：每个单元的每一个门，以及沿时间往回走的梯度。

需要五分钟、两个处理器核心，不需要显卡。

> 若不是在本仓库里打开：先运行 `%pip install "rnnwidgets[all]"`，再刷新页面。
"""

# %%
import math
from dataclasses import replace

import numpy as np
import torch
from torch import nn

import rnnwidgets as rw

torch.manual_seed(0)
torch.set_num_threads(2);

# %% lang="en"
language = "en"    # of the Explorer and of findings: "en" or "zh"

# %% lang="zh"
language = "zh"    # of the Explorer and of findings: "en" or "zh"

# %% tags=["parameters"]
vocabulary = 10_000    # words kept
steps = 200            # training steps of this lesson
epochs = 0             # whole passes over the text instead: 10 train the model to the end (under an hour)
held_words = 20_000    # kept back for evaluation
race_steps = 60        # training steps in section 7

# %% [markdown] lang="en"
r"""
## 1. The text

The Brown corpus: a million words of American English from 1961. We keep the 10 000 most frequent words; every other word becomes
`<unk>`. The text is cut into 32 streams that are read in parallel, 35 words at a time, so a batch `x` has the shape
(time, sample) = (35, 32), and the target `y` is the same text one word later: **predict the next word**. The end of the text is kept back:
the model is evaluated on words that it never trained on.
"""

# %% [markdown] lang="zh"
r"""
## 1. 文本

布朗语料库收录了一百万词的 1961 年美国英语。我们保留最常见的一万个词，其余一律记作 `<unk>`。全文切成 32 条并排的文本流，每次读 35 个词，所以一个批次 `x` 的形状是（时间步，样本）= (35, 32)；目标 `y` 是同一段文本往后错开一个词：**预测下一个词**。文本的末尾留作测试集，训练时模型从未见过。
"""

# %%
try:
    corpus = rw.tasks.brown(vocabulary=vocabulary, length=35, batch=32)
except LookupError as error:
    print(error)
    print("→ rw.tasks.characters: a generated story, read character by character, takes its place.")
    corpus = rw.tasks.characters(length=35, batch=32)

training = replace(corpus, tokens=corpus.tokens[:-held_words])
held = replace(corpus, tokens=corpus.tokens[-held_words:])
print(f"{len(corpus.tokens):,} tokens, {len(corpus.vocabulary):,} different")

# %% [markdown] lang="en"
r"""
**Two traps.** Many tutorials feed their model `word_tokenize(brown.raw())`. The raw files of this corpus carry a part-of-speech tag on
every word, so what comes out is not words:
"""

# %% [markdown] lang="zh"
r"""
**两个陷阱。** 不少教程把 `word_tokenize(brown.raw())` 的结果直接喂给模型。可是这个语料库的原始文件在每个词后面都带着词性标记，切出来的根本不是词：
"""

# %%
raw = "the/at bell/nn rang/vbd at/in dawn/nn ./."    # made up, in the form of brown.raw()
print(raw.split())

# %% [markdown] lang="en"
r"""
A model trained on that learns to spell tags, and `bell/nn` and `bell/vb` are different words to it. `brown.words()` gives the words alone.

The second trap is the output. A model that ends in *one number per word*, say a `Dense(1, activation="sigmoid")` trained with binary
cross-entropy against the word's number, cannot work, for two reasons. One number cannot say "`the` with 6 %, `a` with 3 %, ...": predicting a word means giving
a probability to **each** word of the vocabulary. And binary cross-entropy, $-y\ln p-(1-y)\ln(1-p)$, is a loss only for targets between 0 and
1. Give it word number 57, and it has no minimum:
"""

# %% [markdown] lang="zh"
r"""
用这种数据训练，模型学到的是拼写标记，而且 `bell/nn` 和 `bell/vb` 在它眼里是两个不同的词。`brown.words()` 给出的才是单词本身。

第二个陷阱在输出端。有的模型最后*每个词只输出一个数*，例如用 `Dense(1, activation="sigmoid")`，再拿词的编号做二元交叉熵。这样的模型不可能学会，原因有二。其一，一个数说不出“`the` 占 6%，`a` 占 3%……”：预测一个词，就是要给词表里的**每一个**词一个概率。其二，二元交叉熵 $-y\ln p-(1-y)\ln(1-p)$ 只有当目标在 0 与 1 之间时才是损失函数。把编号 57 代进去，它根本没有最小值：
"""

# %%
for p in (0.5, 0.9, 0.99, 0.999, 0.9999):
    print(f"p = {p:<6}  loss = {-57 * math.log(p) - (1 - 57) * math.log(1 - p):8.1f}")

# %% [markdown] lang="en"
r"""
The "loss" falls without end while the model says 1 to everything. So: a score for every word, softmax, cross-entropy.

## 2. The model

Embedding, one LSTM layer of 128 units, and a linear readout that scores every word of the vocabulary. Nothing in it knows about
rnnwidgets: this is plain PyTorch.

$$
\begin{aligned}
i_t &= \sigma(W_i x_t + U_i h_{t-1} + b_i) & &\text{input gate: how much of the new candidate to write}\\
f_t &= \sigma(W_f x_t + U_f h_{t-1} + b_f) & &\text{forget gate: how much of the old cell to keep}\\
g_t &= \tanh(W_g x_t + U_g h_{t-1} + b_g) & &\text{the candidate}\\
o_t &= \sigma(W_o x_t + U_o h_{t-1} + b_o) & &\text{output gate: how much of the cell to show}\\
c_t &= f_t \odot c_{t-1} + i_t \odot g_t & &\text{the cell state}\\
h_t &= o_t \odot \tanh(c_t) & &\text{the output}
\end{aligned}
$$
"""

# %% [markdown] lang="zh"
r"""
模型只要对一切都答 1，“损失”就会无止境地下降。正确的做法是：给每个词打分，过 softmax，再算交叉熵。

## 2. 模型

一个词嵌入层，一层 128 个单元的 LSTM，再加一个线性输出层，给词表里的每个词打分。模型里没有任何 rnnwidgets 的痕迹，就是普通的 PyTorch。

$$
\begin{aligned}
i_t &= \sigma(W_i x_t + U_i h_{t-1} + b_i) & &\text{输入门：候选值写进去多少}\\
f_t &= \sigma(W_f x_t + U_f h_{t-1} + b_f) & &\text{遗忘门：旧的细胞状态留下多少}\\
g_t &= \tanh(W_g x_t + U_g h_{t-1} + b_g) & &\text{候选值}\\
o_t &= \sigma(W_o x_t + U_o h_{t-1} + b_o) & &\text{输出门：细胞状态露出多少}\\
c_t &= f_t \odot c_{t-1} + i_t \odot g_t & &\text{细胞状态}\\
h_t &= o_t \odot \tanh(c_t) & &\text{隐藏状态，也就是输出}
\end{aligned}
$$
"""

# %%
class LanguageModel(nn.Module):
    def __init__(self, vocabulary, embedding=128, hidden=128):
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, embedding)
        self.lstm = nn.LSTM(embedding, hidden)
        self.readout = nn.Linear(hidden, vocabulary)

    def forward(self, tokens):                      # (time, sample)
        states, _ = self.lstm(self.embedding(tokens))
        return self.readout(states)                 # (time, sample, vocabulary)


model = LanguageModel(len(corpus.vocabulary))
optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)

# %% [markdown] lang="en"
r"""
We evaluate the model on the words that were kept back, by two numbers. **Accuracy**: how often is the most probable word the right one? **Perplexity**,
$e^{L}$ with $L$ the mean cross-entropy: the model is as uncertain as if it chose among that many equally likely words. Before training, that is the size of the
vocabulary.
"""

# %% [markdown] lang="zh"
r"""
我们在留出的文本上评估模型，看两个指标。**准确率**：概率最高的词有多少次就是正确的词？**困惑度** $e^{L}$，其中 $L$ 是平均交叉熵：模型相当于在这么多个等可能的词里选一个。训练之前，它就等于词表的大小。
"""

# %%
def evaluate(model):
    loss, right, count = 0.0, 0, 0
    with torch.no_grad():
        for x, y in held.batches():
            logits = model(x)
            loss += nn.functional.cross_entropy(logits.flatten(0, 1), y.flatten(), reduction="sum").item()
            right += (logits.argmax(-1) == y).sum().item()
            count += y.numel()
    return math.exp(loss / count), right / count


before = evaluate(model)
print(f"perplexity {before[0]:,.0f} of {len(corpus.vocabulary):,}   accuracy {before[1]:.2%}")

# %% [markdown] lang="en"
r"""
## 3. Watch

Two lines. `watch` attaches a recorder to the model; the `Explorer` shows what it records. It is still empty, because it waits for the first training step.
"""

# %% [markdown] lang="zh"
r"""
## 3. 观察

只要两行。`watch` 给模型装上记录器，`Explorer` 显示记录的内容。现在还是空的，因为它在等第一个训练步。
"""

# %%
recorder = rw.watch(model, optimizer, decode=corpus.vocabulary)
explorer = rw.Explorer(recorder, language=language)
explorer

# %% [markdown] lang="en"
r"""
## 4. Train

Run the next cell, scroll back up, and **play with the Explorer while it runs**:

* Drag the **time** slider under the heatmap to move through the sentence, word by word.
* Drag the **training step** slider to move through training. Press **Live** to follow the newest step again.
* Choose a gate by its letter. Rows are units, columns are words; hover over a cell to read its value.

Each training step reads another batch, so the words under the heatmap differ from step to step.

This is an ordinary training loop. `recorder.log` is optional; it adds curves. With `epochs = 10` in the parameters above, the
model is trained to the end; that takes under an hour on two cores, and you can watch all of it.
"""

# %% [markdown] lang="zh"
r"""
## 4. 训练

运行下一格，滚回上面，**趁它在跑的时候玩一玩 Explorer**：

* 拖动热图下面的**时间**滑块，逐词查看这句话。
* 拖动**训练步**滑块，查看训练的全过程。点**实时**，重新跟随最新的训练步。
* 用字母选一个门。每行是一个单元，每列是一个词；把鼠标停在格子上可以读出数值。

每个训练步读的是不同的批次，所以热图下面的词也随训练步而变。

训练循环和平时写的一样。`recorder.log` 可以不写，它的作用是多画几条曲线。若在上面的参数里设 `epochs = 10`，模型会一直训练到底；在两个核心上用不了一个小时，全程都可以看。
"""

# %%
total = epochs * training.batches_per_epoch if epochs else steps
for step, (x, y) in zip(range(total), training.batches(max(epochs, 1))):
    logits = model(x)
    # The cross-entropy of every word, summed over time and averaged over the samples.
    loss = nn.functional.cross_entropy(logits.flatten(0, 1), y.flatten(), reduction="sum") / y.shape[1]
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    recorder.log(loss=loss / len(y), accuracy=(logits.argmax(-1) == y).float().mean())

# %% [markdown] lang="en"
r"""
## 5. What you see

**The gates.** At the first step every gate is near one half, between 0.3 and 0.7: about half of everything is written, kept and
shown. As the loss falls, the gates move towards 0 or 1. Soon most input and forget gates are above 0.9, except at the first word,
where there is no state to keep yet. The output gate `o` differs most from word to word. Look also for rows that stay near 0: units
whose gate is closed for every word.

**The gradient through time.** Two lines over the same words:

* *direct*: the part that reaches $h_t$ from the loss without the recurrence: through the output at time $t$, and at the last time also through
  `h_n`. A hook on the output of `nn.LSTM` shows no more than the part through the output.
* *total*: the whole $\partial L/\partial h_t$, which trains the weights: the direct part and everything that comes back from later words through the
  recurrence.

The difference between the two is what the network learns about a word from later words.

**Over training.** Two curves: the loss, and the norm of the gradient over all parameters. Click a point, and the heatmap shows that step.

Everything you see is also available as numbers:
"""

# %% [markdown] lang="zh"
r"""
## 5. 看到了什么

**门。** 第一步时，所有的门都在 0.5 附近，介于 0.3 与 0.7 之间：写入、保留和输出的大约都是一半。随着损失下降，门的值逐渐靠近 0 或 1。不久，大多数输入门和遗忘门都升到 0.9 以上，只有第一个词例外，因为那时还没有可保留的状态。不同的词之间，输出门 `o` 的差别最大。再找找始终接近 0 的行：无论读到什么词，这些单元的门都关着。

**沿时间的梯度。** 同样这些词上的两条线：

* *直接梯度*：损失不经过循环、直接传到 $h_t$ 的部分：经过时间步 $t$ 的输出；在最后一个时间步，还包括经过 `h_n` 的部分。在 `nn.LSTM` 的输出上挂钩子，最多只能看到经过输出的部分。
* *总梯度*：完整的 $\partial L/\partial h_t$，也就是训练权重的梯度：直接梯度，加上后面的词经过循环传回来的全部。

两条线之差，就是后面的词对当前词的训练作用。

**训练过程。** 两条曲线：损失，以及全部参数的梯度范数。点一下曲线上的某一点，热图就跳到那一步。

看到的一切也都可以作为数值取出：
"""

# %%
frame = recorder.recording[-1]
trace = frame["lstm.l0"]
print(f"step {frame.step}: {frame.scalars}")
print(f"f, mean over units: {trace['f'].mean(axis=(1, 2)).round(2)[:8]} ... (time, sample, unit) = {trace['f'].shape}")
print(f"|replayed h - h| ≤ {trace.replay_error:.0e}")
print(f"recorder: {recorder.health().status.overhead:.1%} of the training's processor time")
recorder.close()

# %% [markdown] lang="en"
r"""
The norm of the gradient is also available as a [bqplot](https://bqplot.github.io) figure, which you can combine with other widgets. The vertical line
marks the step that the Explorer shows; click a point to go to its step, even while a cell runs.
"""

# %% [markdown] lang="zh"
r"""
梯度范数还可以作为 [bqplot](https://bqplot.github.io) 图取出，与其他控件组合。竖线标出 Explorer 正在显示的那一步；点一下某个点就跳过去，单元格还在运行时也可以。
"""

# %%
rw.GradientNorms(recorder, language=language).figure

# %% [markdown] lang="en"
r"""
## 6. Has it learned?

Compare the loss with two baselines that need no network. A model that knows nothing has $\ln V$ per word, and every curve starts there. The *unigram*
model knows only how frequent each word is; an LSTM gets below it once it uses the preceding words.
"""

# %% [markdown] lang="zh"
r"""
## 6. 学会了吗？

拿损失与两条不需要网络的基线比较。什么都不知道的模型，每个词的损失是 $\ln V$，所有曲线都从这里出发；*unigram* 模型只知道每个词的频率，LSTM 用上了前面的词，才会低于它。
"""

# %% include="draw"

# %%
counts = torch.bincount(training.tokens, minlength=len(corpus.vocabulary)) + 1.0
unigram = -(counts / counts.sum()).log()[held.tokens].mean().item()
at, losses = recorder.recording.scalars["loss"]
chance = math.log(len(corpus.vocabulary))

after = evaluate(model)
print(f"perplexity {before[0]:,.0f} → {after[0]:,.0f}   (unigram: {math.exp(unigram):,.0f})")
print(f"accuracy   {before[1]:.2%} → {after[1]:.2%}")
draw({"LSTM": (at, losses), "ln V": (at, np.full(len(at), chance)), "unigram": (at, np.full(len(at), unigram))})

# %% [markdown] lang="en"
r"""
## 7. Why an LSTM at all?

Here is a harder task: two numbers in a sequence of 50 are marked, and the loss looks **only at the last output**, which should be their sum.
Now the direct gradient is zero except at the last time; earlier times learn only from the gradient that comes back through the recurrence.

Three networks of 64 units get the same data: a plain RNN, an LSTM as PyTorch initialises it, and the same LSTM with the bias of its forget
gate set to 3. Compare the three pictures after the run. (They show a large recording overhead: the networks are small, so that a step takes
little time, and `every=1` records each step. Without `every`, the recorder adapts to 5 % of the training's processor time.)
"""

# %% [markdown] lang="zh"
r"""
## 7. 为什么非要 LSTM？

换一个更难的任务：长度为 50 的序列里有两个数做了记号，损失**只看最后一个输出**，它应该等于这两个数之和。这样一来，除了最后一个时间步，直接梯度处处为零；前面的时间步只能靠经过循环传回来的梯度学习。

三个 64 单元的网络使用同样的数据：一个普通 RNN；一个按 PyTorch 默认方式初始化的 LSTM；同一个 LSTM，但遗忘门的偏置设为 3。跑完以后比较三幅图。（图上显示的开销很大，因为网络太小，一步花不了多少时间，而 `every=1` 又每一步都记录；不写 `every` 时，它会自动把开销控制在训练所用处理器时间的 5%。）
"""

# %%
def adding_model(cell, forget_bias=None):
    torch.manual_seed(0)
    network = rw.tasks.AddingModel(hidden=64, cell=cell)
    if forget_bias is not None:
        rw.tasks.set_forget_bias(network.lstm, forget_bias)
    return network


networks = {
    "RNN": adding_model("RNN"),
    "LSTM": adding_model("LSTM"),
    "LSTM, forget bias 3": adding_model("LSTM", forget_bias=3),
}
flows = {}
for name, network in networks.items():
    adam = torch.optim.Adam(network.parameters())
    flows[name] = rw.watch(network, adam, every=1)
    print(name)
    display(rw.GradientFlow(flows[name], language=language))
    for step, (x, y) in zip(range(race_steps), rw.tasks.adding(length=50)):
        loss = nn.functional.mse_loss(network(x), y)
        adam.zero_grad()
        loss.backward()
        adam.step()
        flows[name].log(loss=loss)
    flows[name].close()

# %%
reach = {}
for name, flow in flows.items():
    trace = flow.recording[0]
    norm = np.linalg.norm(trace[trace.layers[0]]["dh"], axis=(1, 2))
    reach[name] = norm[0] / norm[-1]
    print(f"{name:20s} |dL/dh_1| / |dL/dh_{len(norm)}| = {reach[name]:.0e}")

# %% [markdown] lang="en"
r"""
In the plain network each step back multiplies the gradient by $U^\top \operatorname{diag}(1-h_t^2)$, and it shrinks by a nearly constant factor: a
straight line on the logarithmic scale. That is the **vanishing gradient** (Bengio, Simard and Frasconi 1994,
[doi:10.1109/72.279181](https://doi.org/10.1109/72.279181)).

An LSTM does not avoid this by itself. Its cell state offers a second path back, on which $\partial c_t/\partial c_{t-1} = f_t$. The forget gates start
at one half, so that this factor is one half too, and $0.5^{49} \approx 2\cdot10^{-15}$. With a bias of 3 the forget gates start at 0.95, and the line is nearly flat.
This is why it pays to look at `f`. The forget gate and its bias come from Gers, Schmidhuber and Cummins (2000,
[doi:10.1162/089976600300015015](https://doi.org/10.1162/089976600300015015)).
"""

# %% [markdown] lang="zh"
r"""
在普通 RNN 里，每往回走一步，梯度就要乘一次 $U^\top \operatorname{diag}(1-h_t^2)$，于是按几乎不变的比例缩小：在对数坐标上就是一条直线。这就是**梯度消失**（Bengio、Simard 和 Frasconi，1994，[doi:10.1109/72.279181](https://doi.org/10.1109/72.279181)）。

LSTM 本身并不能避免这个问题。它的细胞状态提供了第二条回传的路径，每步的因子是 $\partial c_t/\partial c_{t-1} = f_t$。遗忘门从 0.5 左右起步，这个因子也就是 0.5，而 $0.5^{49} \approx 2\cdot10^{-15}$。偏置设为 3 时，遗忘门从 0.95 起步，这条线就几乎是平的。所以值得看一看 `f`。遗忘门及其偏置出自 Gers、Schmidhuber 和 Cummins（2000，[doi:10.1162/089976600300015015](https://doi.org/10.1162/089976600300015015)）。
"""

# %% [markdown] lang="en"
r"""
## Exercises

**1.** Sum the loss only over the last word, `logits[-1:]` and `y[-1:]`, and train again. What happens to *direct* and *total*, and to what the model learns about the first words?

<details><summary>Answer</summary>

*Direct* is zero except at the last time; *total* falls towards the left. The model still learns, but from one target in thirty-five, and the first words of each window have hardly any influence.
</details>

**2.** Set the learning rate to `0.5`. What do the gates do, and what does the gradient do?

<details><summary>Answer</summary>

Within a few steps the gates saturate: they go to 0 or 1 and stay there. The derivative of a saturated gate, $f(1-f)$, is nearly zero, so the gradient of the gates' weights vanishes and training cannot bring them back.
</details>

**3.** A model gives each of 10 000 words the same probability. What are its loss per word and its perplexity? And one that gives the right word the probability ¼ each time?

<details><summary>Answer</summary>

$\ln 10\,000 = 9.21$ and 10 000; $\ln 4 = 1.39$ and 4. Perplexity is the number of equally likely choices.
</details>

## What to take away

* Predicting a word means a probability for every word: softmax and cross-entropy, measured as perplexity.
* Two lines of rnnwidgets show every gate and the true gradient through time, while your own loop runs.
* After 50 steps back almost nothing is left of the gradient, in an RNN as in an LSTM, unless the forget gates are open.
"""

# %% [markdown] lang="zh"
r"""
## 练习

**1.** 只对最后一个词求损失（用 `logits[-1:]` 和 `y[-1:]`），重新训练。*直接梯度*和*总梯度*两条线有什么变化？模型对开头几个词还能学到什么？

<details><summary>答案</summary>

除了最后一个时间步，*直接梯度*处处为零；*总梯度*越往左越小。模型仍然在学，但目标只剩下三十五分之一，而且每个窗口开头的几个词对它几乎没有影响。
</details>

**2.** 把学习率设为 `0.5`。门会怎样？梯度会怎样？

<details><summary>答案</summary>

几步之内，门就被推到 0 或 1，从此停在那里：饱和了。饱和的门，导数 $f(1-f)$ 接近零，于是门的权重得不到梯度，再也回不来。
</details>

**3.** 一个模型给一万个词同样的概率，它每个词的损失和困惑度各是多少？另一个模型每次都给正确的词 ¼ 的概率呢？

<details><summary>答案</summary>

$\ln 10\,000 = 9.21$，困惑度 10 000；$\ln 4 = 1.39$，困惑度 4。困惑度就是“在多少个同样可能的选项里挑一个”。
</details>

## 小结

* 预测一个词，就是给每个词一个概率：softmax 加交叉熵，用困惑度衡量。
* 两行 rnnwidgets 代码，就能在你自己的训练循环运行时看到每一个门，以及真正沿时间传回来的梯度。
* 梯度若要往回走 50 步，无论 RNN 还是 LSTM，到头都所剩无几，除非遗忘门是开着的。
"""
