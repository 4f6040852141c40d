import Testing

@testable import WireFormat

@Suite struct MessageTemplateTests {
    private func make(_ fields: [MessageTemplate.Field], request: [UInt8] = [], reply: [UInt8] = []) throws -> [UInt8] {
        try request.withUnsafeBytes { request in
            try reply.withUnsafeBytes { reply in try MessageTemplate(fields).make(request: request, reply: reply) }
        }
    }

    private func field(_ number: UInt32, _ source: MessageTemplate.Source, _ path: String) throws
        -> MessageTemplate.Field
    {
        MessageTemplate.Field(number: number, source: source, path: try FieldPath(path))
    }

    @Test func fieldsOfEveryWireTypeAreCopiedUnderTheirNewNumber() throws {
        let request: [UInt8] = [
            0x08, 0xac, 0x02, 0x12, 0x02, 0x61, 0x62, 0x1d, 1, 2, 3, 4, 0x21, 1, 2, 3, 4, 5, 6, 7, 8,
        ]
        let made = try make(
            [
                field(4, .request, "1"), field(3, .request, "2"), field(2, .request, "3"), field(100, .request, "4"),
            ], request: request)
        #expect(
            made == [
                0x20, 0xac, 0x02, 0x1a, 0x02, 0x61, 0x62, 0x15, 1, 2, 3, 4, 0xa1, 0x06, 1, 2, 3, 4, 5, 6, 7, 8,
            ])
    }

    @Test func nestedFieldsAndEveryOccurrenceAreFound() throws {
        // Field 1 twice, each with a field 2; the reply has a message in field 2.
        let request: [UInt8] = [0x0a, 0x02, 0x10, 0x05, 0x18, 0x01, 0x0a, 0x02, 0x10, 0x06]
        let made = try make(
            [field(1, .request, "1.2"), field(2, .reply, "2")], request: request, reply: [0x12, 0x02, 0x08, 0x01])
        #expect(made == [0x08, 0x05, 0x08, 0x06, 0x12, 0x02, 0x08, 0x01])
    }

    @Test func whatIsNotThereIsLeftOut() throws {
        #expect(try make([field(1, .request, "1.2")], request: [0x08, 0x01]) == [])
        let fields = try [field(1, .reply, "1"), field(2, .reply, "3")]
        #expect(try make(fields, request: [0x08, 0x01], reply: [0x08, 0x05]) == [0x08, 0x05])
    }

    /// What is to give a side a record (contract, 4.3) is not made of a reply without it.
    @Test(arguments: [[], [0x0a, 0x01, 0x61], [0x12, 0x00]] as [[UInt8]])
    func aReplyWithoutTheRecordMakesNoRequest(reply: [UInt8]) throws {
        let fields = try [field(1, .request, "1"), field(2, .reply, "2")]
        #expect(throws: MessageTemplateError.nothingInReply) { try make(fields, request: [0x08, 0x01], reply: reply) }
    }

    @Test func aMessageThatCannotBeReadIsNamed() throws {
        let fields = try [field(1, .request, "1"), field(2, .reply, "1.1")]
        #expect(throws: MessageTemplateError.unreadable(.request, offset: 2, .truncated)) {
            try make(fields, request: [0x08, 0x01, 0x12, 0x05])
        }
        let error = MessageTemplateError.unreadable(.reply, offset: 2, .truncated)
        #expect(throws: error) { try make(fields, reply: [0x0a, 0x02, 0x12, 0x05]) }
        #expect(error.description == "the reply cannot be read: a field runs past the end of its message at byte 2")
    }

    /// Every truncation is an error or a shorter message, never a trap; what is made of a whole message is whole.
    @Test func everyTruncationIsHarmless() throws {
        let request: [UInt8] = [0x0a, 0x06, 0x12, 0x04, 0x61, 0x62, 0x63, 0x64, 0x10, 0xff, 0x01]
        let fields = try [field(1, .request, "1.2"), field(5, .request, "2")]
        for count in request.indices { _ = try? make(fields, request: Array(request[..<count])) }
        #expect(try make(fields, request: request) == [0x0a, 0x04, 0x61, 0x62, 0x63, 0x64, 0x28, 0xff, 0x01])
    }

    @Test func itSaysWhetherItReadsAReply() throws {
        #expect(try !MessageTemplate([field(1, .request, "1")]).readsReply)
        #expect(try MessageTemplate([field(1, .request, "1"), field(2, .reply, "1")]).readsReply)
    }
}
