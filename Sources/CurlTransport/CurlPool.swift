import CCurl

/// The transfers of one driver: those that run, by their number, and those that rest for the next request.
///
/// A transfer is used again only after a whole response: an easy handle that was stopped or failed half way is not trusted with
/// the next request.
struct CurlPool {
    private let settings: CurlSettings
    private var transfers: [CurlTransfer?]
    /// Numbers of transfers that rest, or of places that have none yet; the last is taken next, its memory being warm.
    private var free: [Int]

    init(capacity: Int, settings: CurlSettings) {
        self.settings = settings
        transfers = Array(repeating: nil, count: capacity)
        free = Array((0..<capacity).reversed())
    }

    var hasFree: Bool { !free.isEmpty }
    var runningCount: Int { transfers.count - free.count }
    var running: [CurlTransfer] { transfers.compactMap { $0?.entry == nil ? nil : $0 } }

    subscript(tag: UInt32) -> CurlTransfer? {
        transfers.indices.contains(Int(tag)) ? transfers[Int(tag)] : nil
    }

    /// Takes a transfer; `nil` when all run or memory is short.
    mutating func take() -> CurlTransfer? {
        guard let index = free.last, let transfer = transfers[index] ?? CurlTransfer(tag: UInt32(index), settings: settings)
        else { return nil }
        transfers[index] = transfer
        free.removeLast()
        return transfer
    }

    /// Gives a transfer back, which is in no multi.
    mutating func giveBack(_ transfer: CurlTransfer, isReusable: Bool) {
        let index = Int(transfer.tag)
        if isReusable {
            transfer.recycle()
        } else {
            transfers[index] = nil
        }
        free.append(index)
    }

    /// Frees the transfers; none may run.
    mutating func removeAll() {
        transfers = []
        free = []
    }
}
