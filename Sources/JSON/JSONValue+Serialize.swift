extension JSONValue: CustomStringConvertible {
    /// The value as JSON text in UTF-8, members in their order.
    ///
    /// A `double` is written with the fewest digits that read back as the same number, and always with a fraction or an exponent,
    /// so that it stays a `double`; infinities and NaN become `null`. By default one line without spaces; `pretty` gives each
    /// member and element a line, indented by two spaces.
    package func serialized(pretty: Bool = false) -> [UInt8] {
        var writer = JSONWriter(pretty: pretty)
        writer.write(self)
        return writer.output
    }

    /// The value as JSON text on one line.
    package var description: String {
        String(decoding: serialized(), as: UTF8.self)
    }
}
