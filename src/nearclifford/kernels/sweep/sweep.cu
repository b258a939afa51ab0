// The reverse-mode sweep over Pauli rotations on a GPU, one thread per pair of amplitudes, many thetas at a time.
//
// A rotation is exp(-i phi G / 2) with G = phase * X^x Z^z on n bits: G |b> = phase * (-1)^(z.b) |b ^ x>, phase = (p, q) for
// p + i q, one of +-1, +-i. States are arrays (batch, 2^n) of pairs (re, im) of REAL, which is float or double. Row blockIdx.y
// is a theta. Threads run over pairs in strides of the grid, so each holds one partial sum of a row; they are added up in
// order by the caller, and the same angles give the same bits.
//
// Cost of a rotation, per amplitude and theta: forwards one load and one store, backwards two of each, 4 and 12 multiply-adds:
// bandwidth decides.

typedef unsigned long long word;

__device__ static REAL sign_of(word bits) {
    bits ^= bits >> 32; bits ^= bits >> 16; bits ^= bits >> 8; bits ^= bits >> 4; bits ^= bits >> 2; bits ^= bits >> 1;
    return (bits & 1) ? (REAL)-1 : (REAL)1;
}

// First member of a pair {b, b ^ x}: the number with a zero put in at bit `top`, the highest of x (0 where x = 0).
__device__ static word first_of_pair(word pair, int top) {
    word low = ((word)1 << top) - 1;
    return ((pair & ~low) << 1) | (pair & low);
}

// (a, b) -> cos (a, b) - i sin (G_ab b, G_ba a), s the factor of |b> in G |a> and r that of |a> in G |b>.
__device__ static void turn(REAL *state, word a, word b, REAL c, REAL s, REAL sp, REAL sq, REAL rp, REAL rq) {
    REAL ar = state[2 * a], ai = state[2 * a + 1], br = state[2 * b], bi = state[2 * b + 1];
    state[2 * a] = c * ar + s * (rp * bi + rq * br);
    state[2 * a + 1] = c * ai - s * (rp * br - rq * bi);
    state[2 * b] = c * br + s * (sp * ai + sq * ar);
    state[2 * b + 1] = c * bi - s * (sp * ar - sq * ai);
}

__device__ static void phase_turn(REAL *state, word a, REAL c, REAL s) {
    REAL re = state[2 * a], im = state[2 * a + 1];
    state[2 * a] = c * re + s * im;
    state[2 * a + 1] = c * im - s * re;
}

extern "C" __global__ void forward(REAL *states, const REAL *cosine, const REAL *sine, int n_bits, int top, word x, word z,
                                   REAL p, REAL q) {
    REAL *state = states + ((word)blockIdx.y << (n_bits + 1));
    REAL c = cosine[blockIdx.y], s = sine[blockIdx.y];
    word pairs = (word)1 << (n_bits - 1), stride = (word)gridDim.x * blockDim.x;
    for (word t = (word)blockIdx.x * blockDim.x + threadIdx.x; t < pairs; t += stride) {
        word a = first_of_pair(t, top), b = a ^ (x ? x : (word)1);
        REAL on_a = sign_of(z & a), on_b = sign_of(z & b);
        if (x) {
            turn(state, a, b, c, s, on_a * p, on_a * q, on_b * p, on_b * q);
        } else {
            phase_turn(state, a, c, s * on_a * p);
            phase_turn(state, b, c, s * on_b * p);
        }
    }
}

// Adds up Im <adjoint| G |state>, then undoes the rotation on both.
extern "C" __global__ void backward(REAL *states, REAL *adjoints, const REAL *cosine, const REAL *sine, int n_bits, int top,
                                    word x, word z, REAL p, REAL q, REAL *partial) {
    REAL *state = states + ((word)blockIdx.y << (n_bits + 1)), *adjoint = adjoints + ((word)blockIdx.y << (n_bits + 1));
    REAL c = cosine[blockIdx.y], s = -sine[blockIdx.y], total = 0;
    word pairs = (word)1 << (n_bits - 1), stride = (word)gridDim.x * blockDim.x;
    word thread = (word)blockIdx.x * blockDim.x + threadIdx.x;
    for (word t = thread; t < pairs; t += stride) {
        word a = first_of_pair(t, top), b = a ^ (x ? x : (word)1);
        REAL on_a = sign_of(z & a), on_b = sign_of(z & b);
        word to_a = x ? b : a, to_b = x ? a : b;
        REAL ar = state[2 * a], ai = state[2 * a + 1], br = state[2 * b], bi = state[2 * b + 1];
        REAL lar = adjoint[2 * to_a], lai = adjoint[2 * to_a + 1], lbr = adjoint[2 * to_b], lbi = adjoint[2 * to_b + 1];
        // Im(conj(l) (p + i q) v) = p (lr vi - li vr) + q (lr vr + li vi)
        total += on_a * (p * (lar * ai - lai * ar) + q * (lar * ar + lai * ai));
        total += on_b * (p * (lbr * bi - lbi * br) + q * (lbr * br + lbi * bi));
        if (x) {
            turn(state, a, b, c, s, on_a * p, on_a * q, on_b * p, on_b * q);
            turn(adjoint, a, b, c, s, on_a * p, on_a * q, on_b * p, on_b * q);
        } else {
            phase_turn(state, a, c, s * on_a * p);
            phase_turn(state, b, c, s * on_b * p);
            phase_turn(adjoint, a, c, s * on_a * p);
            phase_turn(adjoint, b, c, s * on_b * p);
        }
    }
    partial[blockIdx.y * stride + thread] = total;
}

// adjoint = H state for terms weight * i^imaginary X^x Z^z grouped by x, and the partial sums of Re <state| H |state>.
extern "C" __global__ void observe(const REAL *states, REAL *adjoints, int n_bits, int n_groups, const word *x,
                                   const long long *start, const word *z, const REAL *weight, const bool *imaginary,
                                   REAL *partial) {
    const REAL *state = states + ((word)blockIdx.y << (n_bits + 1));
    REAL *adjoint = adjoints + ((word)blockIdx.y << (n_bits + 1));
    word size = (word)1 << n_bits, stride = (word)gridDim.x * blockDim.x;
    word thread = (word)blockIdx.x * blockDim.x + threadIdx.x;
    REAL total = 0;
    for (word b = thread; b < size; b += stride) {
        REAL re = 0, im = 0;
        for (int g = 0; g < n_groups; g++) {
            word other = b ^ x[g];
            REAL h = 0, k = 0;
            for (long long a = start[g]; a < start[g + 1]; a++) {
                REAL term = weight[a] * sign_of(z[a] & other);
                if (imaginary[a]) k += term; else h += term;
            }
            re += h * state[2 * other] - k * state[2 * other + 1];
            im += h * state[2 * other + 1] + k * state[2 * other];
        }
        adjoint[2 * b] = re;
        adjoint[2 * b + 1] = im;
        total += re * state[2 * b] + im * state[2 * b + 1];
    }
    partial[blockIdx.y * stride + thread] = total;
}
