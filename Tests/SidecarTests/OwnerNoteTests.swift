import Testing

@testable import Sidecar

@Suite struct OwnerNoteTests {
    static var full: OwnerNote {
        var note = OwnerNote()
        note.process = 17
        note.control = "/run/a.sock"
        note.namespace = "pid:[4026531836]"
        note.isUnsettled = true
        note.inForce = ["orders": .init(epoch: 7, fingerprint: .max), "users": .init(epoch: 1, fingerprint: 0)]
        return note
    }

    @Test func goesThereAndBack() {
        #expect(OwnerNote(text: Self.full.text) == Self.full)
        #expect(
            Self.full.text.hasPrefix(
                "17\n/run/a.sock\nnamespace pid:[4026531836]\nunsettled\nin-force orders 7 ffffffffffffffff\n"))
        #expect(OwnerNote(text: OwnerNote().text) == OwnerNote())
    }

    /// As sidecars before wrote it.
    @Test func aNoteWithoutEndIsRead() {
        let note = OwnerNote(text: "17\n/run/a.sock\nunsettled\n")
        #expect(note.process == 17 && note.control == "/run/a.sock" && note.isUnsettled && note.inForce.isEmpty)
        #expect(OwnerNote(text: "") == OwnerNote())
    }

    /// A process that is killed between writing and cutting off leaves the rest of a longer text.
    @Test func whatALongerTextLeftIsNotRead() {
        var short = Self.full
        short.isUnsettled = false
        short.inForce["orders"] = nil
        let (long, now) = (Self.full.text, short.text)
        #expect(OwnerNote(text: now + long.dropFirst(now.count)) == short)
    }

    @Test(arguments: [
        "in-force orders", "in-force orders 0 1", "in-force orders 7 xyz", "in-force orders 7 1 more",
        "in-force orders 99999999999999999999 1", "out orders 7 1",
    ])
    func whatNobodyWroteIsLeftOut(line: String) {
        #expect(
            OwnerNote(text: "17\n/run/a.sock\n\(line)\nin-force users 2 a\nend\n").inForce == [
                "users": .init(epoch: 2, fingerprint: 10)
            ])
    }
}
