/*
 * Two errors on purpose, so that silence of compute-sanitizer over our kernels means something:
 * `planted store` writes behind an array, `planted race` lacks a barrier.
 */

#include <cstdio>
#include <cstring>

enum { N = 256 };

__global__ void store_behind(float *x)
{
    x[threadIdx.x + 1] = 1.0f;
}

__global__ void read_unfinished(float *x)
{
    __shared__ float shared[N];
    shared[threadIdx.x] = x[threadIdx.x];
    x[threadIdx.x] = shared[N - 1 - threadIdx.x];
}

int main(int argc, char **argv)
{
    float *x = NULL;
    if (cudaMalloc(&x, N * sizeof *x) != cudaSuccess) return 2;
    if (argc > 1 && strcmp(argv[1], "race") == 0) {
        read_unfinished<<<1, N>>>(x);
    } else {
        store_behind<<<1, N>>>(x);
    }
    printf("%s\n", cudaGetErrorString(cudaDeviceSynchronize()));
    return 0;
}
