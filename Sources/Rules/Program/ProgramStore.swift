import JSON

/// The compiled expressions of a rule set: one array of code, its constants, and what the code refers to.
///
/// Equal texts, paths, calls and fields are kept once. Immutable after `init`, read from any thread.
///
/// `@unchecked Sendable`: the memory behind the pointers is written in `init` and freed in `deinit`, and read in between.
final class ProgramStore: @unchecked Sendable {
    let programs: [Program]
    /// Where the code of each program begins.
    let starts: UnsafeMutablePointer<Int32>
    let code: UnsafeMutablePointer<Instruction>
    let ranges: UnsafeMutablePointer<AbsorbedRange>
    /// Texts point into ``texts``, boxed ones name an element of ``boxes``.
    let constants: UnsafeMutablePointer<Register>
    let boxes: [CELValue]
    let sets: [ConstantSet]
    let writtenPaths: [WrittenPath]
    /// Beside each written path.
    let links: UnsafeMutablePointer<PathLink>
    let calls: [ProgramCall]
    let fields: [FieldSite]
    let names: [NameSite]
    let failures: [EvaluationFailure]
    /// The places of the event that the programs read.
    let tree: JSONPathTree
    private let texts: UnsafeMutablePointer<UInt8>
    /// The most registers that any program needs, and the most loops inside each other.
    let maxRegisters: Int
    let maxLoops: Int

    init(_ builder: ProgramStoreBuilder) {
        programs = builder.programs
        starts = Self.kept(builder.programs.map(\.start))
        code = Self.kept(builder.code)
        ranges = Self.kept(builder.ranges)
        texts = Self.kept(builder.texts)
        constants = Self.kept(builder.constants)
        boxes = builder.boxes
        sets = builder.sets
        writtenPaths = builder.writtenPaths
        links = Self.kept(
            builder.writtenPaths.map { path in
                PathLink(parentPlace: path.parent < 0 ? -1 : builder.writtenPaths[Int(path.parent)].place)
            })
        calls = builder.calls
        fields = builder.fields
        names = builder.names
        failures = builder.failures
        tree = builder.tree.tree()
        maxRegisters = builder.programs.reduce(1) { max($0, Int($1.registers)) }
        maxLoops = builder.programs.reduce(0) { max($0, Int($1.loops)) }
        // While the texts were collected their memory could move: constants knew only the offset.
        let base = UInt64(UInt(bitPattern: texts))
        for index in builder.constants.indices where constants[index].kind == .text { constants[index].bits += base }
    }

    deinit {
        starts.deallocate()
        code.deallocate()
        ranges.deallocate()
        links.deallocate()
        constants.deallocate()
        texts.deallocate()
    }

    private static func kept<Item: BitwiseCopyable>(_ items: [Item]) -> UnsafeMutablePointer<Item> {
        let memory = UnsafeMutablePointer<Item>.allocate(capacity: max(items.count, 1))
        _ = UnsafeMutableBufferPointer(start: memory, count: items.count).initialize(from: items)
        return memory
    }
}
