/* SPDX-License-Identifier: Apache-2.0 */
#include <trust/turn.h>

#include <mbedtls/threading.h>
#include <psa/crypto.h>

#if defined(MBEDTLS_THREADING_C) && defined(MBEDTLS_FS_IO)

/* mbedTLS's own, which exists once wherever its tables exist once: whoever else
 * in this process is linked with the same copy takes the same turn.  It is for
 * reading directories of certificates, which nothing here does. */
void cbx_psa_take_turn(void)
{
	(void)mbedtls_mutex_lock(&mbedtls_threading_readdir_mutex);
}

void cbx_psa_end_turn(void)
{
	(void)mbedtls_mutex_unlock(&mbedtls_threading_readdir_mutex);
}

#else

#include <pthread.h>

static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;

void cbx_psa_take_turn(void)
{
	(void)pthread_mutex_lock(&turn);
}

void cbx_psa_end_turn(void)
{
	(void)pthread_mutex_unlock(&turn);
}

#endif

bool cbx_psa_start(void)
{
	bool started;

	cbx_psa_take_turn();
	started = psa_crypto_init() == PSA_SUCCESS;
	cbx_psa_end_turn();
	return started;
}
