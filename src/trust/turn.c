/* SPDX-License-Identifier: Apache-2.0 */
#include <trust/turn.h>

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
