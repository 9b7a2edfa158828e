import CCurl

/// Which IP addresses a request may reach whose URL came with an event.
package enum PublicAddress {
    /// Whether the address is globally reachable by IANA's special-purpose registries; false for what is no address.
    package static func contains(_ text: String) -> Bool {
        !text.utf8.contains(0) && ccurl_address_text_is_public(text)
    }
}
