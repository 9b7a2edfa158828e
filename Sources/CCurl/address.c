// Which addresses are public: IANA's special-purpose registries for IPv4 and IPv6, the blocks that are not "globally reachable",
// and multicast. The metadata services of the clouds lie in 169.254.0.0/16, 100.64.0.0/10, 192.0.0.0/24 and fc00::/7, but for
// Azure's, which is listed by itself.
#include "transfer.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

/// A block of addresses: the first `bits` bits are those of `prefix`.
typedef struct {
    uint8_t prefix[16];
    unsigned bits;
} block;

static const block closed_v4[] = {
    {{0}, 8},                    // this network; Linux takes 0.0.0.0 for 127.0.0.1
    {{10}, 8},                   // private
    {{100, 64}, 10},             // shared behind a carrier's NAT
    {{127}, 8},                  // loopback
    {{168, 63, 129, 16}, 32},    // Azure's WireServer, metadata at an address that looks public
    {{169, 254}, 16},            // link-local
    {{172, 16}, 12},             // private
    {{192, 0, 0}, 24},           // protocol assignments
    {{192, 0, 2}, 24},           // documentation
    {{192, 88, 99}, 24},         // 6to4 relays, withdrawn
    {{192, 168}, 16},            // private
    {{198, 18}, 15},             // benchmarks
    {{198, 51, 100}, 24},        // documentation
    {{203, 0, 113}, 24},         // documentation
    {{224}, 4},                  // multicast
    {{240}, 4},                  // reserved, 255.255.255.255 among it
};

// Of IPv6 only 2000::/3 is given out; these are its exceptions.
static const block open_v6 = {{0x20}, 3};
static const block closed_v6[] = {
    {{0x20, 0x01, 0x00}, 23},         // 2001::/23, Teredo and ORCHID among it
    {{0x20, 0x01, 0x0d, 0xb8}, 32},   // documentation
    {{0x20, 0x02}, 16},               // 6to4 carries any IPv4 address
    {{0x3f, 0xff, 0x00}, 20},         // documentation
};

static bool contains(const block *range, const uint8_t *address) {
    for (unsigned bit = 0; bit < range->bits; bit += 8) {
        unsigned left = range->bits - bit;
        uint8_t mask = left >= 8 ? 0xff : (uint8_t)(0xff << (8 - left));
        if ((address[bit / 8] & mask) != (range->prefix[bit / 8] & mask)) return false;
    }
    return true;
}

static bool v4_is_public(const uint8_t *address) {
    for (size_t index = 0; index < sizeof closed_v4 / sizeof closed_v4[0]; index += 1) {
        if (contains(&closed_v4[index], address)) return false;
    }
    return true;
}

static bool v6_is_public(const uint8_t *address) {
    // These carry an IPv4 address, which is what is reached: v4-mapped, and NAT64's 64:ff9b::/96, by which hosts without IPv4 see
    // all of it (RFC 6052).
    static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    static const uint8_t translated[12] = {0, 0x64, 0xff, 0x9b};
    if (memcmp(address, mapped, sizeof mapped) == 0 || memcmp(address, translated, sizeof translated) == 0) {
        return v4_is_public(address + 12);
    }
    if (!contains(&open_v6, address)) return false;
    for (size_t index = 0; index < sizeof closed_v6 / sizeof closed_v6[0]; index += 1) {
        if (contains(&closed_v6[index], address)) return false;
    }
    return true;
}

bool ccurl_address_is_public(const struct sockaddr *address) {
    if (address->sa_family == AF_INET) {
        struct sockaddr_in v4;
        memcpy(&v4, address, sizeof v4);
        return v4_is_public((const uint8_t *)&v4.sin_addr);
    }
    if (address->sa_family == AF_INET6) {
        struct sockaddr_in6 v6;
        memcpy(&v6, address, sizeof v6);
        return v6_is_public((const uint8_t *)&v6.sin6_addr);
    }
    return false;
}

bool ccurl_address_text_is_public(const char *text) {
    uint8_t address[16];
    if (!text) return false;
    if (inet_pton(AF_INET, text, address) == 1) return v4_is_public(address);
    if (inet_pton(AF_INET6, text, address) == 1) return v6_is_public(address);
    return false;
}
