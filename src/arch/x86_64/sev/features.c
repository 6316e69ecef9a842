/* SPDX-License-Identifier: Apache-2.0 */
#include <arch/x86_64/sev/features.h>

#define BIT(n)	   (1ull << (n))
#define SEV	   (BIT(0) | BIT(1)) /* SEV-ES, too */
#define SNP	   BIT(2)
#define RESTRICTED BIT(5)

/* Debug registers swapped, no sampling by the hypervisor, branch targets
 * isolated, supervisor shadow stacks, secure TSC, SMT protection, a barrier on
 * entry: each only takes something away from the hypervisor. */
#define HARMLESS \
	(BIT(7) | BIT(8) | BIT(9) | BIT(10) | BIT(11) | BIT(17) | BIT(23))

/* Bit n of SEV_STATUS is bit n - 2 of SEV_FEATURES. */
#define FEATURES_SHIFT	    2
#define FEATURES_RESTRICTED (RESTRICTED >> FEATURES_SHIFT)

/* The first that applies is said. */
static const struct {
	uint64_t bits;
	bool needed;
	const char *why;
} rules[] = {
	{ SEV, true, "This machine has no SEV-ES, so nothing is hidden." },
	{ SNP, true, "Without SEV-SNP pages could be exchanged." },
	{ BIT(3), false, "Virtual TOM is on, and the C bit means nothing." },
	{ BIT(4), false, "#VC is reflected, past the monitor." },
	{ BIT(6), false, "Alternate injection is on at VMPL0." },
	{ BIT(12), false, "VMGEXIT has a parameter, of nobody's." },
	{ BIT(14), false, "Virtual sampling is on, and records boxes." },
	{ BIT(16), false, "VMSA registers are tweaked." },
	{ BIT(18), false, "Secure AVIC is on, which nobody drives." },
	{ ~(SEV | SNP | RESTRICTED | HARMLESS), false,
		"SEV_STATUS has a feature the monitor does not know." },
	{ RESTRICTED, true,
		"Restricted injection is off, so the hypervisor could "
		"interrupt the monitor anywhere." },
};

const char *cbx_snp_refusal(uint64_t status)
{
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		uint64_t found = status & rules[i].bits;

		if (rules[i].needed ? found != rules[i].bits : found != 0) {
			return rules[i].why;
		}
	}
	return NULL;
}

uint64_t cbx_snp_own_features(uint64_t status)
{
	return status >> FEATURES_SHIFT;
}

uint64_t cbx_snp_host_features(uint64_t status)
{
	return cbx_snp_own_features(status) & ~FEATURES_RESTRICTED;
}
