/* The kernels of tests/suite/kernels.py as a C programmer writes them, and their times:
 * compile with -DT=double or -DT=float, -O3 -march=native -ffast-math, link with -lm.
 * Prints a line `NAME N NANOSECONDS` per kernel and size: per element, the median of the runs, of
 * the thread's CPU time. */
#define _GNU_SOURCE
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define IS_DOUBLE (sizeof(T) == 8)
#define F(name, x) (IS_DOUBLE ? (T)name(x) : (T)name##f(x))
typedef const T *restrict in;
typedef T *restrict out;
#define MAP1(name, e) void name(long n, out o, in a, in b, in c, in d, in f) { \
    for (long i = 0; i < n; i++) { T x = a[i]; o[i] = (e); } }
#define MAP2(name, e) void name(long n, out o, in a, in b, in c, in d, in f) { \
    for (long i = 0; i < n; i++) { T x = a[i], y = b[i]; o[i] = (e); } }
#define C(x) ((T)(x))

MAP1(geglu_exact, C(0.5) * x * (1 + F(tanh, C(0.7978845608028654) * (x + C(0.044715) * x * x * x))))
static inline T pade(T u) { return (10 * u * u * u + 105 * u) / (u * u * u * u + 45 * u * u + 105); }
MAP1(geglu_pade, C(0.5) * x * (1 + pade(C(0.7978845608028654) * (x + C(0.044715) * x * x * x))))
MAP1(sigmoid, 1 / (1 + F(exp, -x)))
MAP1(silu, x / (1 + F(exp, -x)))
MAP1(softplus, x > 0 ? x + F(log1p, F(exp, -x)) : F(log1p, F(exp, x)))
MAP1(poly7, 1 + C(0.5) * x + C(0.25) * x * x - C(0.125) * x * x * x + C(0.0625) * x * x * x * x
    - C(0.03125) * x * x * x * x * x + C(0.015625) * x * x * x * x * x * x
    - C(0.0078125) * x * x * x * x * x * x * x)
MAP2(sincos_mix, F(sin, x) * F(cos, y) + F(cos, x) * F(sin, y))
MAP2(hypot_like, F(sqrt, x * x + y * y))
void black_scholes_call(long n, out o, in a, in b, in c, in d, in f) {
    for (long i = 0; i < n; i++) {
        T s = a[i], k = b[i], t = c[i], r = d[i], v = f[i];
        T d1 = (F(log, s / k) + (r + C(0.5) * v * v) * t) / (v * F(sqrt, t)), d2 = d1 - v * F(sqrt, t);
        T n1 = C(0.5) * (1 + F(erf, d1 / C(1.4142135623730951)));
        T n2 = C(0.5) * (1 + F(erf, d2 / C(1.4142135623730951)));
        o[i] = s * n1 - k * F(exp, -r * t) * n2;
    }
}
void gauss_pdf(long n, out o, in a, in b, in c, in d, in f) {
    for (long i = 0; i < n; i++) {
        T z = (a[i] - b[i]) / c[i];
        o[i] = F(exp, C(-0.5) * z * z) / (c[i] * C(2.5066282746310002));
    }
}
MAP1(log1p_expm1, F(log1p, x) + F(expm1, C(-0.5) * x))
void newton_sqrt(long n, out o, in a, in b, in c, in d, in f) {
    for (long i = 0; i < n; i++) {
        T x = a[i], g = C(0.5) * (1 + x);
        for (int k = 0; k < 8; k++) g = C(0.5) * (g + x / g);
        o[i] = g;
    }
}

/* Loops over arrays; the results go where the compiler cannot drop them. */
volatile T sink;
void dot(long n, out o, in x, in y, in c, in d, in f) {
    T s = 0;
    for (long i = 0; i < n; i++) s += x[i] * y[i];
    sink = s;
}
void stencil3(long n, out o, in x, in b, in c, in d, in f) {
    for (long i = 1; i < n - 1; i++) o[i] = C(0.25) * x[i - 1] + C(0.5) * x[i] + C(0.25) * x[i + 1];
}
void largest(long n, out o, in x, in b, in c, in d, in f) {
    T m = x[0];
    for (long i = 1; i < n; i++) if (x[i] > m) m = x[i];
    sink = m;
}
void axpy(long n, out o, in x, in b, in c, in d, in f) {
    for (long i = 0; i < n; i++) o[i] = C(0.5) * x[i] + o[i];
}
void softened(long n, out o, in x, in b, in c, in d, in f) {
    T s = 0;
    for (long i = 0; i < n; i++) s += F(exp, -x[i] * x[i]);
    sink = s;
}
/* Loops of numbers: in binary64 only, the integers as 8 bytes among the others. */
void mandel_escape(long n, out o, in a, in b, in c, in d, in f) {
    for (long i = 0; i < n; i++) {
        T zr = 0, zi = 0;
        long k = 0;
        for (; k < 100; k++) {
            T zr2 = zr * zr, zi2 = zi * zi;
            if (zr2 + zi2 > 4) break;
            zi = 2 * zr * zi + b[i];
            zr = zr2 - zi2 + a[i];
        }
        o[i] = k;
    }
}
void collatz_steps(long n, out o, in a, in b, in c, in d, in f) {
    for (long i = 0; i < n; i++) {
        long m = a[i], steps = 0;
        for (; m > 1; steps++) m = m % 2 == 0 ? m / 2 : 3 * m + 1;
        o[i] = steps;
    }
}
void sum_squares(long n, out o, in a, in b, in c, in d, in f) {
    for (long i = 0; i < n; i++) {
        long s = 0;
        for (long k = 0; k < (long)a[i]; k++) s += k * k;
        o[i] = s;
    }
}

typedef void (*kernel)(long, out, in, in, in, in, in);
struct { const char *name; kernel f; double domain[5][2]; } kernels[] = {
    {"geglu_exact", geglu_exact, {{-6, 6}}}, {"geglu_pade", geglu_pade, {{-6, 6}}},
    {"sigmoid", sigmoid, {{-30, 30}}}, {"silu", silu, {{-30, 30}}}, {"softplus", softplus, {{-30, 30}}},
    {"poly7", poly7, {{-1, 1}}}, {"sincos_mix", sincos_mix, {{-6, 6}, {-6, 6}}},
    {"hypot_like", hypot_like, {{-100, 100}, {-100, 100}}},
    {"black_scholes_call", black_scholes_call, {{10, 50}, {10, 50}, {0.1, 3}, {0, 0.1}, {0.1, 0.6}}},
    {"gauss_pdf", gauss_pdf, {{-5, 5}, {-1, 1}, {0.5, 2}}}, {"log1p_expm1", log1p_expm1, {{0, 20}}},
    {"newton_sqrt", newton_sqrt, {{0.01, 100}}},
    {"dot", dot, {{-1, 1}, {-1, 1}}}, {"stencil3", stencil3, {{-1, 1}}},
    {"largest", largest, {{-1, 1}}}, {"axpy", axpy, {{-1, 1}}}, {"softened", softened, {{-1, 1}}},
    {"mandel_escape", mandel_escape, {{-2, 0.6}, {-1.2, 1.2}}},

    {"collatz_steps", collatz_steps, {{1, 100000}}}, {"sum_squares", sum_squares, {{0, 200}}},
};

/* Reading the thread's time takes half a microsecond, which short runs would notice. */
static double now(clockid_t clock) {
    struct timespec t;
    clock_gettime(clock, &t);
    return t.tv_sec * 1e9 + t.tv_nsec;
}

static int compare(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

/* The time of a short loop that keeps all of this core busy: longer while somebody else is at work
 * on the other half of it. */
static double pace(void) {
    static volatile unsigned long kept;
    unsigned long chains[6] = {kept + 1, 2, 3, 5, 8, 13};
    double start = now(CLOCK_MONOTONIC);
    for (unsigned long step = 0; step < 20000; step++)
        for (int k = 0; k < 6; k++)
            chains[k] = ((chains[k] << 7 | chains[k] >> 57) ^ step) + step;
    for (int k = 0; k < 6; k++) kept = chains[k];
    return now(CLOCK_MONOTONIC) - start;
}

/* The time of the loop, and the shortest one so far. */
static double fastest = HUGE_VAL;
static double look(void) {
    double time = pace();
    if (time < fastest) fastest = time;
    return time;
}

/* Whether a kernel is among those of OVUM_KERNEL_NAMES; all are, without the variable. */
static int is_wanted(const char *name) {
    const char *names = getenv("OVUM_KERNEL_NAMES");
    size_t length = strlen(name);
    for (const char *at = names; at; at = strchr(at, ',')) {
        at += *at == ',';
        if (!strncmp(at, name, length) && (!at[length] || at[length] == ',')) return 1;
    }
    return !names;
}

/* kernels [SIZES]: increasing numbers of elements with commas between them. With OVUM_STEADY, so many
 * seconds, runs beside which that loop took a tenth longer than at best are repeated for as long. */
int main(int argc, char **argv) {
    char *text = argc > 1 ? argv[1] : "4096,1000000";
    long sizes[16], count = 0;
    while (count < 16 && *text) {
        sizes[count++] = strtol(text, &text, 10);
        if (*text) text++;
    }
    const char *steady = getenv("OVUM_STEADY");
    double patience = steady ? atof(steady) * 1e9 : 0;
    for (double start = now(CLOCK_MONOTONIC); steady && now(CLOCK_MONOTONIC) - start < 3e8;) look();
    long most = sizes[count - 1];
    T *p[6];
    for (int j = 0; j < 6; j++) p[j] = aligned_alloc(64, (most + 64) / 64 * 64 * sizeof(T));
    for (unsigned k = 0; k < sizeof kernels / sizeof *kernels; k++) {
        if (!IS_DOUBLE && kernels[k].f == mandel_escape) break;
        if (!is_wanted(kernels[k].name)) continue;
        for (int j = 0; j < 5; j++)
            for (long i = 0; i < most; i++) {
                double *d = kernels[k].domain[j];
                p[j + 1][i] = d[0] + (d[1] - d[0]) * (rand() / (RAND_MAX + 1.0));
            }
        for (int s = 0; s < count; s++) {
            long n = sizes[s], repeats = n < 10000 ? 400 : n < 5000000 ? 25 : 5;
            clockid_t clock = n < 10000 ? CLOCK_MONOTONIC : CLOCK_THREAD_CPUTIME_ID;
            double times[400], begun = now(CLOCK_MONOTONIC);
            for (long r = 0, slow = 0; r < repeats;) {
                double before = steady ? look() : 0, t = now(clock);
                kernels[k].f(n, p[0], p[1], p[2], p[3], p[4], p[5]);
                times[r] = now(clock) - t;
                double after = steady ? look() : 0;
                int is_slow = steady && fmax(before, after) > 1.1 * fastest;
                if (is_slow && now(CLOCK_MONOTONIC) - begun < patience) continue;
                slow += is_slow;
                if (++r == repeats && slow) fprintf(stderr, "%ld of %ld runs on slow cores\n", slow, r);
            }
            qsort(times, repeats, sizeof *times, compare);
            printf("%s %ld %.4f\n", kernels[k].name, n, times[repeats / 2] / n);
            fflush(stdout);
        }
    }
}
