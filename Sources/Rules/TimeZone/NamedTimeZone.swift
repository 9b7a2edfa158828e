package import Model

/// A time zone by its name, for what happens at a time of day.
package struct NamedTimeZone: Sendable {
    /// UTC.
    package static let utc = NamedTimeZone()

    package let name: String
    private let zones: CELTimeZones

    private init() {
        (name, zones) = ("UTC", .fixedOffsetsOnly)
    }

    /// `UTC`, an offset such as `+02:00`, or a name of the zone database such as `Europe/Berlin`; `nil` for what is neither.
    ///
    /// `data` gives the TZif file (RFC 9636) of a zone.
    package init?(_ name: String, data: @escaping (String) -> [UInt8]?) {
        let catalog = TimeZoneCatalog(data: data)
        guard catalog.knows(name) else { return nil }
        self.name = name
        zones = catalog.zones
    }

    /// The offset from UTC, in seconds, at an instant.
    package func offset(at instant: Timestamp) -> Int {
        zones.offset(of: name, at: instant.microseconds / 1_000_000) ?? 0
    }

    /// The last time at or before `now` at which clocks of the zone showed that time of day, in seconds since midnight.
    ///
    /// On a day on which the clock leaps over it, it is as late as it would have been without the leap.
    package func last(secondOfDay: Int, before now: Timestamp) -> Timestamp {
        let local = now.microseconds / 1_000_000 + Int64(offset(at: now))
        let today = local / 86_400 - (local % 86_400 < 0 ? 1 : 0)
        for day in [today + 1, today, today - 1] {
            let found = instant(local: day * 86_400 + Int64(secondOfDay))
            if found <= now { return found }
        }
        return instant(local: (today - 2) * 86_400 + Int64(secondOfDay))
    }

    private func instant(local: Int64) -> Timestamp {
        let guess = local - Int64(offset(at: Timestamp(seconds: local)))
        return Timestamp(seconds: local - Int64(offset(at: Timestamp(seconds: guess))))
    }
}
