/// Parts of instants, in UTC or a given zone, and of spans.
extension CELLibrary {
    static func part(
        _ function: CELFunction, _ values: [CELValue], zones: CELTimeZones, meter: inout CELMeter
    ) throws(EvaluationFailure) -> CELValue {
        switch values[0] {
        case .timestamp(let instant):
            var offset = 0
            if values.count == 2 {
                guard case .string(let zone) = values[1] else { throw noOverload(function.rawValue, values[0], values[1]) }
                try meter.charge(bytes: zone.utf8.count)
                guard let known = zones.offset(of: zone, at: instant.seconds) else {
                    throw EvaluationFailure(.invalidValue, "unknown time zone")
                }
                offset = known
            }
            return .int(part(function, of: instant, offset: offset))
        case .duration(let span) where values.count == 1:
            guard let part = part(function, of: span) else { throw noOverload(function.rawValue, values[0]) }
            return .int(part)
        default: throw noOverload(function.rawValue, values[0])
        }
    }

    private static func part(_ function: CELFunction, of instant: CELTimestamp, offset: Int) -> Int64 {
        let local = instant.seconds + Int64(offset)
        let (days, rest) = local.floored(by: 86_400)
        let date = CivilDate(daysSinceEpoch: days)
        switch function {
        case .getFullYear: return date.year
        case .getMonth: return Int64(date.month - 1)
        case .getDate: return Int64(date.day)
        case .getDayOfMonth: return Int64(date.day - 1)
        case .getDayOfWeek: return (days + 4).floored(by: 7).remainder
        case .getDayOfYear: return days - CivilDate.daysSinceEpoch(year: Int(date.year), month: 1, day: 1)
        case .getHours: return rest / 3_600
        case .getMinutes: return rest / 60 % 60
        case .getSeconds: return rest % 60
        default: return Int64(instant.nanoseconds / 1_000_000)
        }
    }

    private static func part(_ function: CELFunction, of span: CELDuration) -> Int64? {
        switch function {
        case .getHours: span.nanoseconds / 3_600_000_000_000
        case .getMinutes: span.nanoseconds / 60_000_000_000
        case .getSeconds: span.nanoseconds / 1_000_000_000
        case .getMilliseconds: span.nanoseconds / 1_000_000 % 1_000
        default: nil
        }
    }
}
