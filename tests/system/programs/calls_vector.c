/* SPDX-License-Identifier: Apache-2.0 */
/* Vector registers, as wide as the CPU has them, and tiles: nobody changes them
 * but the program.  Prints the same in a box and outside, on every CPU; with an
 * argument, what there is. */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define REGISTERS 32
#define BYTES	  64
#define ROUNDS	  150
#define THREADS	  3

#define ARCH_REQ_XCOMP_PERM 0x1023
#define TILE_DATA	    18

struct state {
	uint8_t vector[REGISTERS][BYTES];
	uint64_t mask[8];
};

/* A system call, or a loop for a while, with the registers loaded before and
 * stored after it; of each width. */
typedef long around(struct state *state, long number, const long *arg);
around around_sse, around_avx, around_avx512;

#define EACH16(op)                                                         \
	op(0) op(1) op(2) op(3) op(4) op(5) op(6) op(7) op(8) op(9) op(10) \
		op(11) op(12) op(13) op(14) op(15)
#define EACH32(op)                                                            \
	EACH16(op)                                                            \
	op(16) op(17) op(18) op(19) op(20) op(21) op(22) op(23) op(24) op(25) \
		op(26) op(27) op(28) op(29) op(30) op(31)
#define EACH_MASK(op) op(1) op(2) op(3) op(4) op(5) op(6) op(7)

#define LOAD_SSE(n)  "movdqu " #n "*64(%rbx), %xmm" #n "\n"
#define STORE_SSE(n) "movdqu %xmm" #n ", " #n "*64(%rbx)\n"
#define LOAD_AVX(n)  "vmovdqu " #n "*64(%rbx), %ymm" #n "\n"
#define STORE_AVX(n) "vmovdqu %ymm" #n ", " #n "*64(%rbx)\n"
#define LOAD_512(n)  "vmovdqu64 " #n "*64(%rbx), %zmm" #n "\n"
#define STORE_512(n) "vmovdqu64 %zmm" #n ", " #n "*64(%rbx)\n"
#define LOAD_K(n)    "kmovw 2048+" #n "*8(%rbx), %k" #n "\n"
#define STORE_K(n)   "kmovw %k" #n ", 2048+" #n "*8(%rbx)\n"

/* number -1: count arg[0] down instead */
#define AROUND(name, load, store)                                             \
	__asm__(".text\n.globl " #name "\n.type " #name ", @function\n" #name \
		":\n	pushq %rbx\n	movq %rdi, %rbx\n"                          \
		"	movq %rsi, %rax\n	movq %rdx, %r11\n" load       \
		"	movq 0(%r11), %rdi\n	movq 8(%r11), %rsi\n"                  \
		"	movq 16(%r11), %rdx\n	movq 24(%r11), %r10\n"                \
		"	cmpq $-1, %rax\n	je 1f\n	syscall\n	jmp "                    \
		"2f\n"                                                        \
		"1:	decq %rdi\n	jnz 1b\n2:	" store               \
		"	popq %rbx\n	ret\n")

AROUND(around_sse, EACH16(LOAD_SSE), EACH16(STORE_SSE));
AROUND(around_avx, EACH16(LOAD_AVX), EACH16(STORE_AVX) "vzeroupper\n");
AROUND(around_avx512, EACH32(LOAD_512) EACH_MASK(LOAD_K),
	EACH32(STORE_512) EACH_MASK(STORE_K) "vzeroupper\n");

static around *widest(void)
{
	if (__builtin_cpu_supports("avx512f")) {
		return around_avx512;
	}
	return __builtin_cpu_supports("avx") ? around_avx : around_sse;
}

static void fill(struct state *state, unsigned seed)
{
	uint8_t *at = (uint8_t *)state;

	for (size_t i = 0; i < sizeof(*state); i++) {
		at[i] = (uint8_t)(seed * 37 + i * 11 + i / 64 + 1);
	}
	for (int i = 0; i < 8; i++) {
		state->mask[i] &= 0xffff;
	}
}

/* Whether everything is as it was around a call. */
static bool kept(unsigned seed, long number, long a, long b, long c, long d)
{
	const long arg[4] = { a, b, c, d };
	struct state before;
	struct state after;

	fill(&before, seed);
	after = before;
	(void)widest()(&after, number, arg);
	return memcmp(&before, &after, sizeof(after)) == 0;
}

static void clobber(int number)
{
	(void)kept((unsigned)number * 5 + 3, SYS_getppid, 0, 0, 0, 0);
	(void)kept((unsigned)number * 7 + 1, -1, 1000, 0, 0, 0);
}

static bool calls_keep(unsigned seed)
{
	struct timespec moment = { 0, 1000 };
	bool good = true;

	for (unsigned i = 0; i < ROUNDS; i++) {
		good &= kept(seed + i, SYS_getppid, 0, 0, 0, 0);
		good &= kept(seed + i, SYS_sched_yield, 0, 0, 0, 0);
		good &= kept(seed + i, -1, 20000, 0, 0, 0);
		if (i % 8 == 0) {
			good &= kept(seed + i, SYS_nanosleep, (long)&moment, 0,
				0, 0);
		}
	}
	return good;
}

static bool signals_keep(void)
{
	bool good = true;

	signal(SIGUSR1, clobber);
	for (unsigned i = 0; i < ROUNDS; i++) {
		good &= kept(i, SYS_tgkill, getpid(), syscall(SYS_gettid),
			SIGUSR1, 0);
	}
	return good;
}

static void *run(void *arg)
{
	return (void *)(uintptr_t)calls_keep(*(unsigned *)arg);
}

static bool threads_keep(void)
{
	static unsigned seed[THREADS] = { 1000, 2000, 3000 };
	pthread_t thread[THREADS];
	bool good = true;

	for (int i = 0; i < THREADS; i++) {
		pthread_create(&thread[i], NULL, run, &seed[i]);
	}
	for (int i = 0; i < THREADS; i++) {
		void *result;

		pthread_join(thread[i], &result);
		good &= result != NULL;
	}
	return good;
}

/* Tiles. */
struct tile_shape {
	uint8_t palette, start_row, reserved[14];
	uint16_t row_bytes[16];
	uint8_t rows[16];
};

static bool have_tiles(void)
{
	return syscall(SYS_arch_prctl, ARCH_REQ_XCOMP_PERM, TILE_DATA) == 0;
}

#define EACH_TILE(op) op(0) op(1) op(2) op(3) op(4) op(5) op(6) op(7)
#define LOAD_TILE(n)  "tileloadd " #n "*1024(%rbx,%r12), %tmm" #n "\n"
#define STORE_TILE(n) "tilestored %tmm" #n ", " #n "*1024(%rbx,%r12)\n"
long around_tiles(uint8_t *tiles, long number, const long *arg,
	const struct tile_shape *);
__asm__(".text\n.globl around_tiles\n.type around_tiles, @function\n"
	"around_tiles:\n	pushq %rbx\n	pushq %r12\n"
	"	movq %rdi, %rbx\n	movl $64, %r12d\n	ldtilecfg "
	"(%rcx)\n"
	"	movq %rsi, %rax\n	movq %rdx, %r11\n" EACH_TILE(
		LOAD_TILE) "	movq 0(%r11), %rdi\n	movq 8(%r11), %rsi\n"
			   "	movq 16(%r11), %rdx\n	syscall\n" EACH_TILE(
				   STORE_TILE) "	tilerelease\n	popq "
					       "%r12\n	popq %rbx\n	ret\n");

static bool tiles_kept(unsigned seed, long number, long a, long b, long c)
{
	uint8_t before[8192];
	uint8_t after[8192];
	const long arg[4] = { a, b, c };
	struct tile_shape shape = { .palette = 1 };

	for (int i = 0; i < 8; i++) {
		shape.row_bytes[i] = 64;
		shape.rows[i] = 16;
	}
	for (unsigned i = 0; i < sizeof(before); i++) {
		before[i] = (uint8_t)(seed + i * 3 + i / 64);
	}
	memcpy(after, before, sizeof(after));
	(void)around_tiles(after, number, arg, &shape);
	return memcmp(before, after, sizeof(after)) == 0;
}

static void clobber_tiles(int number)
{
	(void)tiles_kept((unsigned)number, SYS_getppid, 0, 0, 0);
}

static bool tiles_keep(void)
{
	struct timespec moment = { 0, 1000 };
	bool good = true;

	signal(SIGUSR2, clobber_tiles);
	for (unsigned i = 0; i < ROUNDS; i++) {
		good &= tiles_kept(i, SYS_getppid, 0, 0, 0);
		good &= tiles_kept(i, SYS_nanosleep, (long)&moment, 0, 0);
		good &= tiles_kept(
			i, SYS_tgkill, getpid(), syscall(SYS_gettid), SIGUSR2);
	}
	return good;
}

int main(int argc, char **argv)
{
	bool tiles = have_tiles();

	(void)argv;
	printf("calls: %d\n", calls_keep(0));
	printf("signals: %d\n", signals_keep());
	printf("threads: %d\n", threads_keep());
	printf("tiles: %d\n", !tiles || tiles_keep());
	if (argc > 1) {
		printf("avx: %d\n", widest() != around_sse);
		printf("avx512: %d\n", widest() == around_avx512);
		printf("amx: %d\n", tiles);
	}
	return 0;
}
