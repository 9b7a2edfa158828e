extension Migration {
    /// By which rules a delivery was decided on, so that it can be explained when it began no run and the rules have changed since.
    ///
    /// NULL for what was decided on before this step.
    static let deliveryRevision = Migration(
        name: "delivery-revision",
        sql: """
            ALTER TABLE deliveries ADD COLUMN revision TEXT;
            """)
}
