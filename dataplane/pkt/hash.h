// SPDX-License-Identifier: BSD-3-Clause
// Keyed hashes of flows: which member of an ECMP group, which worker.
//
// Multiply-and-fold (128-bit products, upper xor lower half): a few cycles, and
// who does not know the key cannot aim at one member. All packets of a datagram
// hash alike: ports count only where no fragment lacks them.
#pragma once

#include "dataplane/base/compiler.h"
#include "dataplane/pkt/ip4.h"

#include <arpa/inet.h>
#include <stdbool.h>
#include <string.h>

struct hash_key {
	uint64_t word[2];
};

static inline uint64_t hash_fold(uint64_t a, uint64_t b)
{
	unsigned __int128 product = (unsigned __int128)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static inline uint64_t hash_mix(const struct hash_key *key, uint64_t state, uint64_t word)
{
	return hash_fold(state ^ word ^ 0x9e3779b97f4a7c15ull,
			 key->word[1] ^ 0xd6e8feb86659fd93ull);
}

// Addresses (8 bytes: two IPv4, 32: two IPv6), ports as they lie in the packet.
static inline uint32_t hash_flow(const struct hash_key *key, const void *addrs, size_t len,
				 uint32_t ports, uint8_t proto)
{
	uint64_t state = key->word[0];

	for (size_t at = 0; at < len; at += 8) {
		uint64_t word;

		memcpy(&word, (const char *)addrs + at, 8);
		state = hash_mix(key, state, word);
	}
	state = hash_mix(key, state, (uint64_t)ports << 8 | proto);
	return (uint32_t)(state ^ state >> 32);
}

// Does the protocol's header begin with two ports of 16 bits?
static inline bool hash_has_ports(uint8_t proto)
{
	return proto == IP_PROTO_TCP || proto == IP_PROTO_UDP || proto == IP_PROTO_SCTP ||
	       proto == IP_PROTO_UDPLITE;
}

// room: bytes that may be read at ip. Any fragment goes by addresses alone, so
// that all of a datagram take one path.
static inline uint32_t hash_flow4(const struct hash_key *key, const struct ip4_hdr *ip,
				  unsigned room)
{
	unsigned hdr_len = ip4_hdr_len(ip);
	uint32_t ports = 0;

	if (!(ip->frag & htons(IP4_FRAG_MF | IP4_FRAG_OFF)) && hash_has_ports(ip->proto) &&
	    room >= hdr_len + sizeof(ports))
		memcpy(&ports, (const char *)ip + hdr_len, sizeof(ports));
	return hash_flow(key, &ip->src, 8, ports, ip->proto);
}
