/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What shim.c has for libmbedcrypto.a, declared by hand: there is no libc here.
 */
#ifndef LAB_X86_SNP_CRYPTO_SHIM_H
#define LAB_X86_SNP_CRYPTO_SHIM_H

#include <stddef.h>
#include <stdint.h>

/** Where FS has to be based while the library runs. */
extern uint64_t snp_shim_thread[8];

/** Bytes of the shim's memory that were ever in use; they do not grow from one
 * request to the next. */
size_t snp_shim_used(void);

void *memset(void *to, int value, size_t size);
void *memcpy(void *restrict to, const void *restrict from, size_t size);
void *memmove(void *to, const void *from, size_t size);
int memcmp(const void *a, const void *b, size_t size);
size_t strlen(const char *text);
int strcmp(const char *a, const char *b);
void *calloc(size_t count, size_t size);
void free(void *pointer);
void *__memcpy_chk(void *to, const void *from, size_t size, size_t room);
void *__memset_chk(void *to, int value, size_t size, size_t room);
void __stack_chk_fail(void);
int __printf_chk(int flag, const char *format, ...);
int puts(const char *text);
int putchar(int character);
void *fopen(const char *path, const char *mode);
int fclose(void *file);
int ferror(void *file);
char *fgets(char *room, int size, void *file);
size_t fread(void *room, size_t size, size_t count, void *file);
size_t fwrite(const void *bytes, size_t size, size_t count, void *file);
void *gmtime_r(const void *seconds, void *date);
int pthread_mutex_init(void *mutex, const void *attributes);
int pthread_mutex_destroy(void *mutex);
int pthread_mutex_lock(void *mutex);
int pthread_mutex_unlock(void *mutex);

#endif
