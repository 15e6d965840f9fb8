"""Functions of Python's library, written in what is compiled. Calls of them are inlined.

Results and exceptions are those of CPython 3.11.
"""
import math
import numpy as np


def sum_of(a, start):
    s = start
    for x in a:
        s += x
    return s


def prod_of(a, start):
    s = start
    for x in a:
        s *= x
    return s


def min_of(a):
    if len(a) == 0:
        raise ValueError("min() arg is an empty sequence")
    m = a[0]
    for i in range(1, len(a)):
        if a[i] < m:
            m = a[i]
    return m


def max_of(a):
    if len(a) == 0:
        raise ValueError("max() arg is an empty sequence")
    m = a[0]
    for i in range(1, len(a)):
        if a[i] > m:
            m = a[i]
    return m


def any_of(a):
    for x in a:
        if x:
            return True
    return False


def all_of(a):
    for x in a:
        if not x:
            return False
    return True


def mean_of(a, start):
    return np.divide(sum_of(a, start), len(a))


def var_of(a, start):
    m = mean_of(a, start)
    s = start
    for x in a:
        s += (x - m) * (x - m)
    return np.divide(s, len(a))


def std_of(a, start):
    return np.sqrt(var_of(a, start))


def argmin_of(a):
    if len(a) == 0:
        raise ValueError("attempt to get argmin of an empty sequence")
    at = 0
    for i in range(1, len(a)):
        # The first NaN is the least of all.
        if a[at] == a[at] and (a[i] < a[at] or a[i] != a[i]):
            at = i
    return at


def argmax_of(a):
    if len(a) == 0:
        raise ValueError("attempt to get argmax of an empty sequence")
    at = 0
    for i in range(1, len(a)):
        if a[at] == a[at] and (a[i] > a[at] or a[i] != a[i]):
            at = i
    return at


def dot_of(a, b, start):
    if len(a) != len(b):
        raise ValueError("shapes not aligned")
    s = start
    for i in range(len(a)):
        s += a[i] * b[i]
    return s


def fill_of(a, x):
    for i in range(len(a)):
        a[i] = x


def fill_rows_of(a, x):
    for i in range(len(a)):
        for j in range(len(a[0])):
            a[i][j] = x


def contains_of(a, x):
    for y in a:
        if x == y:
            return True
    return False


def gcd(a, b):
    a = abs(a)
    b = abs(b)
    while b != 0:
        a, b = b, a % b
    return a


def lcm(a, b):
    if a == 0 or b == 0:
        return 0
    return abs(a // gcd(a, b) * b)


def isqrt(n):
    if n < 0:
        raise ValueError("isqrt() argument must be nonnegative")
    # The root of the largest integer: above it the square has more than 64 bits.
    r = min(int(math.sqrt(n)), 3037000499)
    while r * r > n:
        r -= 1
    while r < 3037000499 and (r + 1) * (r + 1) <= n:
        r += 1
    return r


def bit_length(n):
    # The least integer has no magnitude of 64 bits, but its complement has.
    m = n if n >= 0 else ~n
    left = m
    bits = 0
    while left >= 65536:
        left >>= 16
        bits += 16
    while left > 0:
        left >>= 1
        bits += 1
    # A magnitude that is a power of two has a bit more than one less.
    return bits + 1 if n < 0 and m & (m + 1) == 0 else bits


def bit_count(n):
    m = n if n >= 0 else -n
    bits = 0
    while m != 0:
        m &= m - 1
        bits += 1
    return bits


def is_integer(x):
    return math.isfinite(x) and np.floor(x) == x


def factorial(n):
    if n < 0:
        raise ValueError("factorial() not defined for negative values")
    r = 1
    for i in range(2, n + 1):
        r *= i
    return r


def comb(n, k):
    if n < 0:
        raise ValueError("n must be a non-negative integer")
    if k < 0:
        raise ValueError("k must be a non-negative integer")
    if k > n:
        return 0
    r = 1
    for i in range(min(k, n - k)):
        g = gcd(r, i + 1)
        r = r // g * ((n - i) // ((i + 1) // g))
    return r


def perm(n, k):
    if n < 0:
        raise ValueError("n must be a non-negative integer")
    if k < 0:
        raise ValueError("k must be a non-negative integer")
    if k > n:
        return 0
    r = 1
    for i in range(k):
        r *= n - i
    return r


def modf(x):
    if math.isinf(x):
        return math.copysign(0.0, x), x
    f = math.fmod(x, 1.0)
    return f, math.copysign(x - f, x)


def frexp(x):
    if x == 0.0 or x != x or math.isinf(x):
        return x, 0
    m = abs(x)
    e = 0
    if m < 2.2250738585072014e-308:
        m *= 18014398509481984.0
        e = -54
    k = 512
    p = 2.0**512
    while k > 0:
        if m >= p:
            m /= p
            e += k
        elif m * p < 1.0:
            m *= p
            e -= k
        k //= 2
        p = math.sqrt(p)
    if m >= 1.0:
        m *= 0.5
        e += 1
    return math.copysign(m, x), e


def ldexp(x, i):
    if x == 0.0 or x != x or math.isinf(x):
        return x
    m, s = frexp(x)
    e = max(-10000, min(10000, i)) + s
    if e > 1024:
        raise OverflowError("math range error")
    if e < -1074:
        return math.copysign(0.0, x)
    # A power of two below the normal range is exact, and rounds the product once.
    if e < -1021:
        return m * 2.0 ** float(e)
    return m * 2.0 * 2.0 ** float(e - 1)


def ulp(x):
    x = abs(x)
    if x != x or math.isinf(x):
        return x
    above = math.nextafter(x, math.inf)
    if math.isinf(above):
        return x - math.nextafter(x, 0.0)
    return above - x


def fsum_of(a):
    # The exact sum in digits of 30 bits, from the lowest up: what each number has in a window of
    # its bits is an integer. The digits from -2**29 on leave the sign to the highest one.
    big = 0.0
    small = math.inf
    high = 0.0
    low = 0.0
    special = 0.0
    infinite = 0.0
    for item in a:
        x = float(item)
        if x - x != 0.0:
            special += x
            if x == x:
                infinite += x
            high = 0.0
            low = 0.0
        else:
            size = abs(x)
            if size > big:
                big = size
            if size != 0.0 and size < small:
                small = size
            t = high + x
            part = t - high
            low += (high - (t - part)) + (x - part)
            high = t + low
            low -= high - t
            if math.isinf(t) or math.isinf(high):
                raise OverflowError("intermediate overflow in fsum")
    if special != 0.0:
        if infinite != infinite:
            raise ValueError("-inf + inf in fsum")
        return special
    if big == 0.0:
        return 0.0
    at = max(frexp(small)[1] - 53, -1074)
    end = frexp(big)[1]
    carry = 0
    d0 = 0
    d1 = 0
    d2 = 0
    d3 = 0
    below = 0
    zeros = 0
    top = at
    while at < end or carry != 0:
        digit = carry
        if at < end:
            lower = 2.0 ** float(at)
            upper = 2.0 ** float(at + 30) if at + 30 < 1024 else math.inf
            for item in a:
                x = float(item)
                digit += int((np.fmod(x, upper) - np.fmod(x, lower)) / lower)
        carry = (digit + 536870912) >> 30
        digit -= carry << 30
        if digit == 0:
            zeros += 1
        else:
            for i in range(min(zeros, 4) + 1):
                if d3 != 0:
                    below = d3
                d3 = d2
                d2 = d1
                d1 = d0
                d0 = 0
            d0 = digit
            zeros = 0
            top = at
        at += 30
    if d0 == 0:
        return 0.0
    # The leading digits in an integer, whose lowest bit says whether anything follows.
    lead = d0 * 1073741824 + d1
    rest = d2 * 1073741824 + d3
    shift = 0
    size = abs(lead)
    while size < 576460752303423488:
        size *= 2
        shift += 1
    lead = (lead << shift) + (rest >> (60 - shift))
    tail = rest & ((1 << (60 - shift)) - 1)
    if tail == 0 and below < 0:
        lead -= 1
        tail = 1
    if tail != 0 or below != 0:
        lead = lead | 1
    return ldexp(float(lead), top - 30 - shift)


def dist_of(p, q):
    # `vector_norm` of CPython 3.11: scaled squares summed in doubled precision, one correction.
    n = len(p)
    if len(q) != n:
        raise ValueError("both points must have the same number of dimensions")
    big = 0.0
    nan = False
    for i in range(n):
        x = abs(float(p[i]) - float(q[i]))
        if x != x:
            nan = True
        elif x > big:
            big = x
    if math.isinf(big):
        return big
    if nan:
        return math.nan
    if big == 0.0 or n == 1:
        return big
    tiny = 1.0
    if big < 2.2250738585072014e-308:
        tiny = 2.2250738585072014e-308
    e = frexp(big / tiny)[1]
    down = 2.0 ** float(-(e // 2)) * 2.0 ** float(e // 2 - e)
    s = 1.0
    products = 0.0
    sums = 0.0
    for i in range(n + 1):
        x = 0.0
        if i < n:
            x = abs(float(p[i]) - float(q[i])) / tiny * down
            y = x
        else:
            y = math.sqrt(s - 1.0 + (products + sums))
            x = -y
        t = x * 134217729.0
        xh = t - (t - x)
        xl = x - xh
        t = y * 134217729.0
        yh = t - (t - y)
        yl = y - yh
        a = xh * yh
        b = xh * yl + xl * yh
        z = a + b
        products += a - z + b + xl * yl
        t = s + z
        sums += z - (t - s)
        s = t
        if i == n:
            y += (s - 1.0 + (products + sums)) / (2.0 * y)
            return y / down * tiny
    return 0.0


def isclose(a, b, rel_tol, abs_tol):
    if rel_tol < 0.0 or abs_tol < 0.0:
        raise ValueError("tolerances must be non-negative")
    if a == b:
        return True
    if math.isinf(a) or math.isinf(b):
        return False
    d = abs(b - a)
    return d <= abs(rel_tol * b) or d <= abs(rel_tol * a) or d <= abs_tol


def round_fraction(x, p):
    # To a multiple of 1 / p: the product with p in two parts (Dekker, "A floating-point technique
    # for extending the available precision", 1971), its nearest integer, ties to even.
    y = x * p
    if not abs(y) < 9007199254740992.0:
        return x
    c = 134217729.0 * x
    xh = c - (c - x)
    xl = x - xh
    c = 134217729.0 * p
    ph = c - (c - p)
    pl = p - ph
    low = ((xh * ph - y) + xh * pl + xl * ph) + xl * pl
    n = round(y)
    z = float(n)
    d = y - z
    if d == 0.5 and low > 0.0 or d == 0.0 and (low > 0.5 or low == 0.5 and n % 2 == 1):
        z += 1.0
    elif d == -0.5 and low < 0.0 or d == 0.0 and (low < -0.5 or low == -0.5 and n % 2 == 1):
        z -= 1.0
    return math.copysign(z / p, x)


def round_tens(x, p):
    if x != x or math.isinf(x):
        return x
    r = math.fmod(x, p)
    down = x - r
    rest = p - abs(r)
    if abs(r) > rest or abs(r) == rest and math.fmod(down, 2.0 * p) != 0.0:
        return math.copysign(x + math.copysign(rest, x), x)
    return math.copysign(down, x)


def round_whole(x, p):
    r = x % p
    down = x - r
    if r > p - r or r == p - r and down // p % 2 == 1:
        return down + p
    return down


def times_modulo(a, b, m):
    # By doubling where the product has more than 63 bits: 0 <= a, b < m < 2 ** 62.
    if a < 2147483648 and b < 2147483648:
        return a * b % m
    r = 0
    while b > 0:
        if b & 1:
            r = (r + a) % m
        a = (a + a) % m
        b = b >> 1
    return r


def inverse_modulo(a, m):
    x = 1
    y = 0
    r = a
    s = m
    while s != 0:
        q = r // s
        r, s = s, r - q * s
        x, y = y, x - q * y
    if r != 1:
        raise ValueError("base is not invertible for the given modulus")
    return x % m


def pow_modulo(a, n, m):
    if m == 0:
        raise ValueError("pow() 3rd argument cannot be 0")
    size = abs(m)
    if size >= 4611686018427387904 or size < 0:
        raise OverflowError("the modulus has more than 62 bits")
    base = a % size
    if n < 0:
        base = inverse_modulo(base, size)
        n = -n
    r = 1 % size
    while n > 0:
        if n & 1:
            r = times_modulo(r, base, size)
        base = times_modulo(base, base, size)
        n = n >> 1
    if m < 0 and r != 0:
        r -= size
    return r
