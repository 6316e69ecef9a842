/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A platform, its quote and its collateral, all forged and all fine; a test
 * changes something and makes that part again.
 */
#ifndef CBX_TESTS_FORGE_WORLD_H
#define CBX_TESTS_FORGE_WORLD_H

#include "tdx_samples.h"

#include "forge.h"

/* A TCB of tcbInfo: sixteen components, the first three of them given. */
#define WORLD_COMPONENTS(a, b, c)                                        \
	"[{\"svn\":" #a ",\"category\":\"BIOS\"},{\"svn\":" #b           \
	"},{\"svn\":" #c                                                 \
	"},{\"svn\":0},{\"svn\":0},{\"svn\":0},{\"svn\":0},{\"svn\":0}," \
	"{\"svn\":0},{\"svn\":0},{\"svn\":0},{\"svn\":0},{\"svn\":0},"   \
	"{\"svn\":0},{\"svn\":0},{\"svn\":0}]"
#define WORLD_TCB_LEVEL(sgx, pce, tdx)                   \
	"{\"sgxtcbcomponents\":" sgx ",\"pcesvn\":" #pce \
	",\"tdxtcbcomponents\":" tdx "}"

/** What collateral says; TEXT members go into JSON as they are. */
struct world_collateral {
	const char *status;	   /* of the first level */
	const char *id;		   /* of tcbInfo */
	const char *version;	   /* of tcbInfo */
	const char *issued, *next; /* of both */
	const char *fmspc, *pceid, *type;
	const char *module_signer; /* two digits, repeated */
	const char *qe_id;
	const char *qe_version;
	const char *qe_product;
	const char *qe_signer; /* NULL: Intel's */
	const char *qe_attributes;
	const char *spoiled; /* instead of the first level's TCB */
};

enum world_file {
	WORLD_TCB,
	WORLD_IDENTITY,
	WORLD_SIGNERS, /* certificates */
	WORLD_ROOT_LIST,
	WORLD_CA_LIST,
	WORLD_FILES
};

struct world {
	struct forge *forge;
	struct forge_pck pck;
	struct forge_td td;
	struct world_collateral says;
	char pem[FORGE_KEYS][4096];
	char chain[3 * 4096]; /* in the quote */
	uint8_t quote[16384];
	size_t quote_size;
	char object[8192]; /* the last that was signed */
	uint8_t files[WORLD_FILES][16384];
	size_t sizes[WORLD_FILES]; /* 0: not brought */

	/* How it is verified. */
	uint32_t flags;
	const struct cbx_requirement *requirements;
	size_t requirement_count;
	int64_t now;
};

/** Everything anew, and fine. */
void world_make(struct world *world);

/** The PCK's certificate and the quote, after pck or td was changed. */
void world_make_quote(struct world *world);

/** The quote alone, with the chain as it is. */
void world_sign_quote(struct world *world);

/** tcbInfo and QE identity, after says was changed. */
void world_make_collateral(struct world *world);

/** Both revocation lists; 0: nothing is on them. */
void world_make_lists(
	struct world *world, unsigned char by_root, unsigned char by_ca);

/** Verify it. */
enum cbx_refusal world_verify(
	const struct world *world, struct cbx_verdict *verdict);

/** Verify it and compare. */
void world_expect(const struct world *world, struct cbx_verdict *verdict,
	enum cbx_refusal expected, const char *what);

#endif
