import Testing

@testable import Sidecar

/// What `check` prints of each field.
@Suite struct FieldTableTests {
    @Test func fieldsColumnsAndConversions() throws {
        let text = RecordsCheckTests.right
            .replacing("  created_at: timestamp\n", with: "  created_at: timestamp\n        ref: uuid\n")
            .replacing("constants:", with: "  ref: { column: ref, stored: text }\n        constants:")
        let configuration = try Configuration.parse(text, file: "s.yaml", overrides: ConfigurationOverrides())
        let records = try #require(configuration.migrations[0].records)
        #expect(
            FieldTable(records).text(indent: "  ") == """
                  field       type               old: t_order  new: orders  conversion
                  order_id    int64, record key  id            order_id
                  store_id    text, gray key     store_id      store_id
                  total       decimal, nullable  total_cents   total        integer, scale 2 <-> integer, scale 4
                  created_at  timestamp          created       created_at   2017-01-01T11:53:26Z <-> microseconds
                  ref         uuid               ref           ref          \
                a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11 <-> blob
                  version     int64, version     version       version
                """)
    }
}
