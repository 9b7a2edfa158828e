import JSON

/// Whoever has filled the slots: it knows the values that a slot only names.
protocol SlotReader {
    /// The list, map or other value that a slot of kind `array`, `object` or `kept` stands for.
    func value(of slot: JSONSlot) -> CELValue
}
