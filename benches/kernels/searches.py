"""Loops that end before their counters do."""


# ovum: run two_squares(60, 7201)
# ovum: run two_squares(40, -1)
def two_squares(limit: i64, target: i64) -> tuple[i64, i64]:
    for i in range(limit):
        for j in range(limit):
            if i * i + j * j == target:
                return i, j
    return -1, -1


# ovum: run short_rows(400, 3, 100000000)
def short_rows(rows: i64, columns: i64, target: i64) -> i64:
    for i in range(rows):
        for j in range(columns):
            if i * i + j * 7 == target:
                return i * columns + j
    return -1


# ovum: run inner_break(300, 57)
def inner_break(n: i64, modulus: i64) -> i64:
    total = 0
    for i in range(n):
        for j in range(n):
            if (i * i + j) % modulus == 3:
                total += j
                break
    return total


# ovum: run flagged(200, 50, 1000003)
def flagged(n: i64, m: i64, target: i64) -> i64:
    found = False
    at = -1
    i = 0
    while i < n and not found:
        for j in range(m):
            if i * m + j * j == target:
                found = True
                at = i
        i += 1
    return at


# ovum: run first_index(40, [3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7, 9, 3, 2, 3, 8, 4, 6, 2, 6, 4, 3, 3, 8, 3, 2, 7, 9, 5, 0, 2, 8, 8, 4, 1, 9, 7], 0)
def first_index(times: i64, a: 'array[i64, 1]', x: i64) -> i64:
    total = 0
    for t in range(times):
        i = 0
        while i < len(a) and a[i] != x:
            i += 1
        total += i * t
    return total


# ovum: run first_above(100, [0.3, 0.1, 0.4, 0.1, 0.5, 0.9, 0.2, 0.6, 0.5, 0.3, 0.5, 0.8, 0.95, 0.7, 0.9], 0.91)
def first_above(times: i64, a: 'array[f64, 1]', x: f64) -> i64:
    total = 0
    for t in range(times):
        for i in range(len(a)):
            if a[i] > x + t * 0.0001:
                total += i
                break
        else:
            total -= 1
    return total


# ovum: run all_below(60, [3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7, 9, 3, 2, 3, 8, 4, 6, 2, 6, 4], 60)
def all_below(times: i64, a: 'array[i64, 1]', x: i64) -> i64:
    count = 0
    for t in range(times):
        good = True
        for i in range(len(a)):
            if a[i] + t >= x:
                good = False
                break
        if good:
            count += 1
    return count


# ovum: run primes(3000)
def primes(n: i64) -> i64:
    count = 0
    for p in range(2, n):
        d = 2
        while d * d <= p and p % d != 0:
            d += 1
        if d * d > p:
            count += 1
    return count


# ovum: run sum_of_three(24, 97, 1777)
def sum_of_three(n: i64, a: i64, target: i64) -> i64:
    for i in range(n):
        for j in range(n):
            for k in range(n):
                if i * a + j * j * 3 + k == target and i != j:
                    return (i * n + j) * n + k
    return -1


# ovum: run two_breaks(500, 1000000, 600)
def two_breaks(n: i64, low: i64, high: i64) -> i64:
    s = 0
    last = 0
    for i in range(n):
        s += i * i
        if s > low:
            last = 1
            break
        s ^= i
        if i > high:
            last = 2
            break
    return s * 4 + last


# ovum: run skipping(2000, 5)
def skipping(n: i64, k: i64) -> i64:
    total = 0
    for i in range(n):
        if i % k == 0:
            continue
        if total > 100000000:
            break
        total += i * (total & 7)
    return total


# ovum: run digits_until(3000, 7)
def digits_until(n: i64, digit: i64) -> i64:
    total = 0
    for i in range(n):
        x = i
        steps = 0
        while x > 0 and x % 10 != digit:
            x //= 10
            steps += 1
        total += steps
    return total


# ovum: run newton_until(40, 0.000001)
def newton_until(n: i64, eps: f64) -> f64:
    total = 0.0
    for i in range(1, n):
        x = 1.0 * i
        for _ in range(30):
            y = 0.5 * (x + i / x)
            if abs(y - x) < eps:
                break
            x = y
        total += x
    return total
