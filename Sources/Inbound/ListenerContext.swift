import Hummingbird
import NIOCore

/// What a listener here needs besides the request: its connection.
struct ListenerContext: InitializableFromSource {
    let channel: any Channel

    init(source: ApplicationRequestContextSource) {
        channel = source.channel
    }
}
