import Testing

@testable import SwitchoverClient

@Suite struct RequestFieldsTests {
    private func fault(
        method: String = "/s.S/M", key: String? = nil, metadata: [(name: String, value: String)] = []
    ) -> SwitchoverError? {
        var options = CallOptions(idempotencyKey: key)
        options.metadata = metadata
        do throws(SwitchoverError) {
            try RequestFields.check(method, options)
            return nil
        } catch {
            return error
        }
    }

    @Test(arguments: ["", "s.S/M", "/s.S/M N", "/s.S/é", "/s.S/M\n"]) func methodsArePaths(method: String) {
        #expect(fault(method: method)?.code == .invalidArgument)
    }

    @Test func idempotencyKeysAreShortAndPrintable() {
        #expect(fault(key: String(repeating: "k", count: 255)) == nil)
        for key in ["", String(repeating: "k", count: 256), "é", "a\nb"] {
            #expect(fault(key: key)?.code == .invalidArgument)
        }
    }

    @Test(arguments: [
        "", "X-Tenant", ":path", "x tenant", "grpc-timeout", "te", "content-type", "idempotency-key", "é",
    ])
    func namesAreTheCallers(name: String) {
        #expect(fault(metadata: [(name, "a")])?.message.contains("\"\(name)\"") == true)
    }

    @Test func valuesArePrintable() {
        #expect(fault(metadata: [("x-tenant", "a b~")]) == nil)
        #expect(fault(metadata: [("x-tenant", "a"), ("x-note", "a\r\nb")])?.message.contains("x-note") == true)
    }
}
