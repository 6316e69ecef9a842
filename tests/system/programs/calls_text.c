/* SPDX-License-Identifier: Apache-2.0 */
/* What a program may do with text: its own, and a page it made executable.  With
 * an argument it reads its own and has nobody to catch the fault. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE 4096u

static sigjmp_buf back;

static void on_fault(int number)
{
	siglongjmp(back, number);
}

/* 0, or the signal reading a byte comes to. */
static int peek(const volatile void *at)
{
	int number = sigsetjmp(back, 1);

	if (number == 0) {
		(void)*(const volatile char *)at;
	}
	return number;
}

static const char *result(int status)
{
	return status == 0 ? "done" : strerrorname_np(errno);
}

int main(int argc, char **argv)
{
	static const uint8_t answer[] = { 0xb8, 42, 0, 0, 0, 0xc3 };
	void *own = (void *)((uintptr_t)main & ~(uintptr_t)(PAGE - 1));
	int file = open("text-copy", O_RDWR | O_CREAT, 0600);
	uint8_t *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)argv;
	if (argc > 1) {
		return *(volatile char *)own;
	}
	(void)signal(SIGSEGV, on_fault);
	printf("own text: %d\n", peek(own));
	printf("write it: %s\n", result(write(file, own, 8) == 8 ? 0 : -1));
	memcpy(page, answer, sizeof(answer));
	printf("execute: %s\n", result(mprotect(page, PAGE, PROT_EXEC)));
	printf("answer: %d\n", ((int (*)(void))page)());
	printf("read it: %d\n", peek(page));
	page = mremap(page, PAGE, 2 * (size_t)PAGE, MREMAP_MAYMOVE);
	printf("answer: %d\n", ((int (*)(void))page)());
	printf("read it: %d\n", peek(page));
	printf("writable, too: %s\n",
		result(mprotect(page, PAGE, PROT_WRITE | PROT_EXEC)));
	printf("no more: %s\n", result(mprotect(page, PAGE, PROT_READ)));
	printf("byte: %d\n", page[1]);
	return 0;
}
