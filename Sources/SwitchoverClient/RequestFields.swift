/// What may stand in a request's head: a field that breaks HTTP/2's rules would cost every call of the connection.
enum RequestFields {
    /// - Throws: `INVALID_ARGUMENT`, naming the field.
    static func check(_ method: String, _ options: CallOptions) throws(SwitchoverError) {
        guard method.hasPrefix("/"), isPrintable(method), !method.contains(" ") else {
            throw .invalid("\"\(method)\" is no method; write /package.Service/Method")
        }
        if let key = options.idempotencyKey, key.isEmpty || key.utf8.count > 255 || !isPrintable(key) {
            throw .invalid("an idempotency key has 1 to 255 bytes of printable ASCII")
        }
        for field in options.metadata {
            guard isName(field.name) else {
                throw .invalid(
                    "\"\(field.name)\" cannot name a field; write a-z, 0-9, - . and _, and none of gRPC's own")
            }
            guard isPrintable(field.value) else {
                throw .invalid("the field \(field.name) has a value that is not of printable ASCII; encode it")
            }
        }
    }

    private static let kept: Set<String> = [
        "te", "connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade", "host", "content-type",
        "content-length", "idempotency-key",
    ]

    private static func isName(_ name: String) -> Bool {
        !name.isEmpty && !name.hasPrefix("grpc-") && !kept.contains(name)
            && name.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
                case UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"): true
                default: false
                }
            }
    }

    private static func isPrintable(_ text: String) -> Bool { text.utf8.allSatisfy { (0x20...0x7E).contains($0) } }
}
