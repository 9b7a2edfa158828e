/// Where a proof reaches into the connection of a store in memory: it leaves a guard out and sees what notices that, or ends the process
/// between a commit and those who wait for it.
///
/// Nothing in the program makes one. The closures run on the connection's queue.
package struct SessionProbe: Sendable {
    /// Statements that are run once the schema is there.
    let scripts: [String]
    /// Changes the text of a statement before it is compiled.
    let statement: @Sendable (String) -> String
    /// Called before each commit; what it throws undoes the transaction.
    let willCommit: @Sendable () throws -> Void
    /// Called after each commit; what it throws reaches the callers, whose writes are kept all the same.
    let didCommit: @Sendable () throws -> Void

    package init(
        scripts: [String], statement: @escaping @Sendable (String) -> String,
        willCommit: @escaping @Sendable () throws -> Void, didCommit: @escaping @Sendable () throws -> Void
    ) {
        self.scripts = scripts
        self.statement = statement
        self.willCommit = willCommit
        self.didCommit = didCommit
    }
}
