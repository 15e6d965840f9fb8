"""Kernels with calls of a size that is worth measuring: `ovum bench kernels benches/kernels`."""
import math


# ovum: run saxpy(2.5, 4000, [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0], [8.0, 7.0, 6.0, 5.0, 4.0, 3.0, 2.0, 1.0])
def saxpy(a: f64, times: i64, x: 'array[f64, 1]', y: 'array[f64, 1]') -> f64:
    for _ in range(times):
        for i in range(len(x)):
            y[i] = a * x[i] * 0.25 + y[i] * 0.125
    return y[0]


# ovum: run dot(3000, [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0], [8.0, 7.0, 6.0, 5.0, 4.0, 3.0, 2.0, 1.0])
def dot(times: i64, x: 'array[f64, 1]', y: 'array[f64, 1]') -> f64:
    s = 0.0
    for _ in range(times):
        for i in range(len(x)):
            s = s * 0.5 + x[i] * y[i]
    return s


# ovum: run matvec(800, [[1.0, 2.0, 3.0, 4.0], [2.0, 3.0, 4.0, 5.0], [3.0, 4.0, 5.0, 6.0], [4.0, 5.0, 6.0, 7.0]], [1.0, 2.0, 3.0, 4.0], [0.0, 0.0, 0.0, 0.0])
def matvec(times: i64, a: 'array[f64, 2]', x: 'array[f64, 1]', y: 'array[f64, 1]') -> f64:
    for _ in range(times):
        for i in range(4):
            s = 0.0
            for j in range(4):
                s += a[i, j] * x[j]
            y[i] = s
    return y[3]


# ovum: run gelu_sum(2000, 0.7)
def gelu_sum(n: i64, scale: f64) -> f64:
    s = 0.0
    for i in range(n):
        x = (i - 1000) * 0.01
        s += 0.5 * x * (1.0 + math.tanh(math.sqrt(2.0 / math.pi) * (x + 0.044715 * x**3))) * scale
    return s


# ovum: run rotated(20000, 0.3)
def rotated(n: i64, angle: f64) -> f64:
    x = 1.0
    y = 0.5
    for _ in range(n):
        c = math.cos(angle)
        s = math.sin(angle)
        x, y = x * c - y * s, x * s + y * c
    return x + y


# ovum: run polynomial(20000, 1.0, -2.0, 0.5, 0.125)
def polynomial(n: i64, a: f64, b: f64, c: f64, d: f64) -> f64:
    s = 0.0
    for i in range(n):
        x = i / 20000.0
        s += a + b * x + c * x * x + d * x * x * x
    return s


# ovum: run triangle(50000, 7)
def triangle(n: i64, k: i64) -> i64:
    s = 0
    for i in range(n):
        s += i * k
    return s


# ovum: run table(300, 300, 17)
def table(n: i64, m: i64, k: i64) -> i64:
    s = 0
    for i in range(n):
        for j in range(m):
            s += (i * k + 5) * j
    return s


# ovum: run smmm(60, 50)
def smmm(n: i64, m: i64) -> i64:
    s = 0
    for k in range(n):
        for i in range(m):
            for j in range(m):
                s += (i + k) * (j - k)
    return s


# ovum: run clamped(60000, -3, 9)
def clamped(n: i64, low: i64, high: i64) -> i64:
    s = 0
    for i in range(n):
        x = (i * 7919) % 31 - 11
        if x < low:
            x = low
        elif x > high:
            x = high
        s = s * 3 + x
    return s


# ovum: run collatz(3000)
def collatz(n: i64) -> i64:
    longest = 0
    for start in range(1, n):
        x = start
        steps = 0
        while x != 1:
            x = x // 2 if x % 2 == 0 else 3 * x + 1
            steps += 1
        longest = max(longest, steps)
    return longest


# ovum: run primes(3000)
def primes(n: i64) -> i64:
    found = 0
    for x in range(2, n):
        d = 2
        while d * d <= x and x % d != 0:
            d += 1
        if d * d > x:
            found += 1
    return found


# ovum: run mandelbrot(60, 40, 50)
def mandelbrot(width: i64, height: i64, limit: i64) -> i64:
    total = 0
    for row in range(height):
        for column in range(width):
            cr = 3.0 * column / width - 2.0
            ci = 2.0 * row / height - 1.0
            zr = 0.0
            zi = 0.0
            n = 0
            while n < limit and zr * zr + zi * zi <= 4.0:
                zr, zi = zr * zr - zi * zi + cr, 2.0 * zr * zi + ci
                n += 1
            total += n
    return total


# ovum: run smoothed(2000, [1.0, 4.0, 2.0, 8.0, 5.0, 7.0, 1.0, 3.0, 9.0, 2.0])
def smoothed(times: i64, x: 'array[f64, 1]') -> f64:
    for _ in range(times):
        for i in range(1, len(x) - 1):
            x[i] = 0.25 * x[i - 1] + 0.5 * x[i] + 0.25 * x[i + 1]
    return x[4]


# ovum: run distance(20000, 3.0, 4.0, 1.0, 2.0)
def distance(n: i64, ax: f64, ay: f64, bx: f64, by: f64) -> f64:
    s = 0.0
    for i in range(n):
        d = math.sqrt((ax - bx) * (ax - bx) + (ay - by) * (ay - by))
        s += d / (i + 1.0)
    return s


# ovum: run filtered(20000)
def filtered(n: i64) -> f64:
    s = 0.0
    for i in range(n):
        acc = 0.0
        for k in range(4):
            acc += (i + k) * 0.5**k
        s += acc
    return s


# ovum: run logistic(5000, 3.7, 0.2)
def logistic(n: i64, r: f64, x: f64) -> f64:
    for _ in range(n):
        x = r * x * (1.0 - x)
    return x


# ovum: run modes(40000, 2)
def modes(n: i64, mode: i64) -> i64:
    s = 0
    for i in range(n):
        if mode == 0:
            s += i
        elif mode == 1:
            s += i * i
        else:
            s ^= i * 5 + mode * mode
    return s


# ovum: run histogram(8000, [0, 0, 0, 0, 0, 0, 0, 0])
def histogram(n: i64, bins: 'array[i64, 1]') -> i64:
    for i in range(n):
        bins[(i * 7 + 3) % 8] += 1
    return bins[5]


# ovum: run overwritten(20000, [0.0, 0.0])
def overwritten(n: i64, out: 'array[f64, 1]') -> f64:
    for i in range(n):
        out[0] = i * 0.5
        out[0] = out[0] + 1.0
        out[1] = out[0] * 2.0
    return out[1]
