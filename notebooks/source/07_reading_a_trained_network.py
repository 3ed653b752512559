# %% [markdown] lang="en"
r"""
# Reading a trained network

What has a network learned? The loss does not show it. In this lesson a two-layer LSTM learns a story character by character. You let it write, see which of its gates are saturated, and find units that track something with a name: the position in the word, the position in the line, being inside brackets.
The method is that of Karpathy, Johnson and Fei-Fei (2015, [doi:10.48550/arXiv.1506.02078](https://doi.org/10.48550/arXiv.1506.02078)).
"""

# %% [markdown] lang="zh"
r"""
# 读懂一个训练好的网络

网络学到了什么？损失不会告诉你。这一课里，一个两层的 LSTM 逐个字符地学写一个故事。你让它写一段，看哪些门已经饱和，再找出跟踪某种特征的单元：在单词里的位置，在一行里的位置，是否在括号里。这种方法来自 Karpathy、Johnson 和 Fei-Fei（2015，[doi:10.48550/arXiv.1506.02078](https://doi.org/10.48550/arXiv.1506.02078)）。
"""

# %%
from dataclasses import replace

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
path = None           # a text file of your own, in UTF-8; None: a generated story
steps = 200           # training steps
count = 400_000       # characters of text
hidden = 128          # units per layer
written = 300         # characters that the network writes

# %% [markdown] lang="en"
r"""
## 1. The text

A small grammar generates an endless story, in lines of at most 60 characters, with speech in quotation marks and remarks in brackets. It needs no download. To use a text of your own, set `path` to its file. The last 20 000 characters are kept back.
"""

# %% [markdown] lang="zh"
r"""
## 1. 文本

一个小文法可以无限地生成故事，每行最多 60 个字符，有引号里的对话，也有括号里的插话。不需要下载。想换成自己的文本，就给 `path` 一个文件名。最后两万个字符留作测试。
"""

# %%
corpus = rw.tasks.characters(path, count=count, length=64, batch=50)
training = replace(corpus, tokens=corpus.tokens[:-20_000])
held = replace(corpus, tokens=corpus.tokens[-20_000:], length=450, batch=40)
print(f"{len(corpus.tokens):,} characters, {len(corpus.vocabulary)} different")
print("".join(corpus.vocabulary[k] for k in corpus.tokens[:400]))

# %% [markdown] lang="en"
r"""
## 2. Two layers, live

The forget bias starts at 1. Show the Explorer, run the loop, and choose between the layers `lstm.l0` and `lstm.l1`. In the panel *saturation* each unit is a dot: how often its gate is open (above 0.9) against how often it is closed (below 0.1). At the start all dots are at the origin.
"""

# %% [markdown] lang="zh"
r"""
## 2. 两层 LSTM，实时观察

遗忘门的偏置从 1 起步。先显示 Explorer，再运行循环，可以在 `lstm.l0` 和 `lstm.l1` 两层之间切换。*饱和*面板里每个单元是一个点：门打开（大于 0.9）的时间占多少，关上（小于 0.1）的时间占多少。一开始，所有的点都在原点。
"""

# %%
torch.manual_seed(0)
model = rw.tasks.LanguageModel(len(corpus.vocabulary), embedding=64, hidden=hidden, layers=2)
rw.tasks.set_forget_bias(model.lstm, 1.0)
adam = torch.optim.Adam(model.parameters(), lr=2e-3)
recorder = rw.watch(model, adam, decode=corpus.vocabulary)
rw.Explorer(recorder, layer="lstm.l1", gate="f", language=language)

# %%
for step, (x, y) in zip(range(steps), training.batches(epochs=100)):
    loss = nn.functional.cross_entropy(model(x).flatten(0, 1), y.flatten())
    adam.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 5.0)
    adam.step()
    recorder.log(loss=loss)
recorder.close()
print(f"loss {loss.item():.2f} nats per character")

# %% [markdown] lang="en"
r"""
## 3. Let it write
"""

# %% [markdown] lang="zh"
r"""
## 3. 让它写一段
"""

# %%
def write(start, length, temperature=0.7, seed=0):
    chance = torch.Generator().manual_seed(seed)
    ids = [corpus.vocabulary.index(character) for character in start]
    state, text = None, list(start)
    with torch.no_grad():
        for _ in range(length):
            states, state = model.lstm(model.embedding(torch.tensor(ids).unsqueeze(1)), state)
            share = (model.readout(states[-1, 0]) / temperature).softmax(-1)
            ids = [int(torch.multinomial(share, 1, generator=chance))]
            text.append(corpus.vocabulary[ids[0]])
    return "".join(text)


print(write(corpus.vocabulary[0], written))

# %% [markdown] lang="en"
r"""
## 4. Which gates are saturated?

Ten sequences of 450 held-out characters, every gate of every unit. Published results: the gates of the first layer are less saturated than those of the higher layer; in the higher layer many forget gates are open nearly always, so that these units sum up their input (integrators); hardly any unit is purely feed-forward (forget gate always closed).
"""

# %% [markdown] lang="zh"
r"""
## 4. 哪些门已经饱和？

取十段各 450 个没见过的字符，看每个单元的每个门。已发表的结果是：第一层的门不如高层的门饱和；高层里有许多遗忘门几乎一直开着，这些单元把收到的东西累加起来（积分器）；几乎没有纯前馈的单元（遗忘门一直关着）。
"""

# %%
x, y = next(held.batches())
reading = rw.watch(model, every=1, samples=10, decode=corpus.vocabulary, memory=256 * 2**20)
nn.functional.cross_entropy(model(x).flatten(0, 1), y.flatten()).backward()
reading.step()
reading.close()
frame = reading.recording[-1]

right, integrators, closed = {}, {}, {}
for layer in frame.layers:
    f = frame[layer]["f"]                                            # (time, sample, unit)
    right[layer] = (f > 0.9).mean()
    integrators[layer] = ((f > 0.9).mean(axis=(0, 1)) >= 0.9).mean()
    closed[layer] = ((f < 0.1).mean(axis=(0, 1)) >= 0.9).mean()
    print(f"{layer}:  f > 0.9: {right[layer]:.0%}   units always open: {integrators[layer]:.0%}   always closed: {closed[layer]:.0%}")

saturation = {
    "layer 2 - layer 1": right["lstm.l1"] - right["lstm.l0"],
    "integrators": integrators["lstm.l1"],
    "always shut": max(closed.values()),
}
verdicts = {name: rw.tasks.expected("saturation", name).holds(value) for name, value in saturation.items()}
for name, verdict in verdicts.items():
    print(f"{name:18} {verdict}")

# %%
rw.Saturation(reading, layer="lstm.l1", gate="f", language=language)

# %% [markdown] lang="en"
r"""
The bands are those of a text by Shakespeare after 200 steps or more. With much longer training on this simple story the difference between the layers shrinks again: try it. *One text and one training are one example, not a law.*

## 5. Units that track a feature

For each held-out character we note four facts: is it inside quotation marks, inside brackets, how many characters into the line, how many letters into the word. Then we look for the unit whose cell state $c$, or output $h$, follows that fact best (Pearson's correlation r).
"""

# %% [markdown] lang="zh"
r"""
区间取自莎士比亚的文本训练 200 步以上的结果。在这个简单的故事上训练得久得多时，两层之间的差距会再缩小，不妨试试。*一个文本、一次训练，只是一个例子，不是定律。*

## 5. 跟踪某种特征的单元

对每个没见过的字符，记下四件事：是否在引号里，是否在括号里，在这一行的第几个字符，在这个单词的第几个字母。然后找出细胞状态 $c$ 或输出 $h$ 与它最一致的单元（皮尔逊相关系数 r）。
"""

# %%
def facts(text):
    quoted, depth, place, letter, rows = 0, 0, 0, 0, []
    for before, character in zip(" " + text, text):
        if before == character == "\n":
            quoted, depth = 0, 0                                     # a new paragraph
        quoted ^= character == '"'
        depth = max(depth + (character in "([") - (character in ")]"), 0)
        place = 0 if character == "\n" else place + 1
        letter = letter + 1 if character.isalpha() else 0
        rows.append((quoted, depth > 0, place, letter))
    return np.array(rows, float)


names = ["quote", "bracket", "place in the line", "letter of the word"]
known = facts("".join(corpus.vocabulary[k] for k in held.tokens))
stream = (len(held.tokens) - 1) // held.batch
seen = np.stack([known[sample * stream : sample * stream + 450] for sample in range(10)], axis=1)

def best(layer, quantity, fact):
    values = frame[layer][quantity].reshape(-1, hidden)
    with np.errstate(invalid="ignore", divide="ignore"):
        r = np.nan_to_num([np.corrcoef(values[:, unit], fact)[0, 1] for unit in range(hidden)])
    unit = int(np.argmax(np.abs(r)))
    return unit, r[unit]


found = {}
for k, name in enumerate(names):
    for layer in frame.layers:
        for quantity in ("c", "h"):
            found[name, layer, quantity] = best(layer, quantity, seen[..., k].ravel())
        (c, r_c), (h, r_h) = found[name, layer, "c"], found[name, layer, "h"]
        print(f"{name:20} {layer}:   c of unit {c:3}, r = {r_c:+.2f}     h of unit {h:3}, r = {r_h:+.2f}")

# %% [markdown] lang="en"
r"""
Here is the output of the unit of layer 2 that follows the position in the word best, over 70 characters. Its line moves in one direction within a word and starts again at each space. Choose another unit from the table.
"""

# %% [markdown] lang="zh"
r"""
这是第二层里与单词字母最一致的那个单元的输出，画在 70 个字符上。它的线在一个单词之内朝一个方向走，到空格处重新开始。也可以换成表里的其他单元。
"""

# %%
closer = rw.watch(model, every=1, samples=4, decode=corpus.vocabulary)
nn.functional.cross_entropy(model(x[:70]).flatten(0, 1), y[:70].flatten()).backward()
closer.step()
closer.close()
unit, _ = found["letter of the word", "lstm.l1", "h"]
rw.Explorer(closer, panels=["steps", "units", "gates"], layer="lstm.l1", gate="h", unit=unit, language=language)

# %% [markdown] lang="en"
r"""
A correlation of 0.6 is a tendency, not a counter. The units of the paper that follow quotation marks closely come from much longer training on millions of characters. And much of what a network knows is not in any single unit.

## 6. Does it have known problems?

`rw.diagnose` searches a recording for known problems. Each finding gives its numbers and what to try; it is an observation, not a verdict. The last line is the number of findings; 0 means that no problems were found.
"""

# %% [markdown] lang="zh"
r"""
0.6 的相关只是一种倾向，还算不上计数器。论文里那些准确跟踪引号的单元，来自长得多的训练和上百万字符的文本。况且，网络知道的许多东西并不在某一个单元里。

## 6. 有没有已知的问题？

`rw.diagnose` 在记录里查找已知的问题，每一条都给出数值和建议。它是观察结果，不是定论；最后一行是条数，0 表示没有发现问题。
"""

# %%
findings = rw.diagnose(recorder.recording)
for finding in findings:
    print(finding.text(language), "\n")
print(len(findings))

# %% [markdown] lang="en"
r"""
## Exercises

**1.** Let the network write with `temperature=0.2` and with `1.5`. What changes, and why?

<details><summary>Answer</summary>

The logits are divided by the temperature before the softmax. Low: nearly always the most probable character, so correct but repetitive words; high: close to uniform, so invented words.
</details>

**2.** A forget gate is above 0.99 at all times. How long does that unit remember? And what is the disadvantage?

<details><summary>Answer</summary>

Its half-life is $\ln\frac12/\ln 0.99 = 69$ characters or more. It can hardly be cleared: such a unit only adds up, and the network can remove a value only by adding its opposite.
</details>

**3.** You search 256 units for the best correlation with a fact that has nothing to do with the text, such as a coin toss for each character. What is the largest |r| you have to expect from chance alone, with 4 500 characters?

<details><summary>Answer</summary>

For one unit r has a spread of about $1/\sqrt{4500} = 0.015$ (more if neighbouring values resemble each other, as they do here); the largest of 256 is some three times that, about 0.045. So 0.1 may be chance with slow units, 0.6 is not.
</details>

## What to take away

* Saturated gates show what a unit does: integrate, switch, or pass its input on.
* In higher layers more forget gates are open: they remember longer.
* Some units track a feature that has a name; find them by a number, not by eye, and remember how many units you searched.
"""

# %% [markdown] lang="zh"
r"""
## 练习

**1.** 让网络分别用 `temperature=0.2` 和 `1.5` 来写。有什么变化？为什么？

<details><summary>答案</summary>

softmax 之前，得分要除以温度。温度低，几乎总是选概率最高的字符，所以词都对，但翻来覆去；温度高，接近均匀分布，于是生造词语。
</details>

**2.** 某个遗忘门始终大于 0.99。这个单元能记多久？这样有什么缺点？

<details><summary>答案</summary>

半衰期至少是 $\ln\frac12/\ln 0.99 = 69$ 个字符。它几乎无法清零：这样的单元只会累加，要抵消数过的东西，只能再写入相反的值。
</details>

**3.** 拿一件与文本毫无关系的事，比如每个字符抛一次硬币，在 256 个单元里找相关最大的。有 4 500 个字符时，单凭运气，最大的 |r| 会有多大？

<details><summary>答案</summary>

单个单元的 r，散布大约是 $1/\sqrt{4500} = 0.015$（相邻的值彼此相似时还要大，这里正是如此）；256 个里最大的大约是它的三倍，即 0.045。所以对变化缓慢的单元，0.1 可能只是运气，0.6 则不是。
</details>

## 小结

* 饱和的门说明单元的用途：累加、开关，或者只是传递。
* 层数越高，开着的遗忘门越多，记得越久。
* 有些单元跟踪着叫得出名字的特征。找它们要靠数值，不能靠眼睛，还要记得一共搜索了多少个单元。
"""
