import Migration
import WireFormat

/// Reads what a method that writes says beside what all methods say: its record key, and the requests that the sidecar
/// may make of it.
struct WriteReader {
    /// Of methods that can give a record another gray key.
    static let changeKeys = ["new_gray_key", "erase"]
    static let keys = ["element", "record_key", "look_up", "put", "put_or_insert"] + changeKeys

    func read(_ kind: CallKind, _ section: Section, _ routing: MethodDraft.Routing) -> MethodDraft.Rule {
        .write(
            WriteDraft(
                kind: kind, element: section["element"].flatMap(readElement), routing: routing,
                lookUp: section["look_up"].flatMap(readDerived), put: section["put"].flatMap(readDerived),
                putOrInsert: section["put_or_insert"].flatMap(readDerived),
                newGrayKey: GrayKeyReader.read(section["new_gray_key"]),
                erase: section["erase"].flatMap(readDerived)
            ))
    }

    /// The field number of the request's elements, where it writes several records.
    private func readElement(_ value: DocumentValue) -> Placed<UInt32>? {
        value.quantity(.count, in: 1...536_870_911).map { value.placed(UInt32($0)) }
    }

    private func readDerived(_ value: DocumentValue) -> DerivedDraft? {
        guard let section = Section(value, keys: ["method", "fields", "record_key"]) else { return nil }
        let method = section.required("method", "the method that is called").flatMap { value in
            value.text("the name of a method").map(value.placed)
        }
        let entries = section.required("fields", "{ 1: request.1 }")?.entries()
        let fields = entries?.compactMap(readField)
        guard let method, let fields, let entries, fields.count == entries.count else { return nil }
        guard !fields.isEmpty else {
            value.fail("fields is empty; write where each field comes from, like { 1: request.1 }")
            return nil
        }
        return DerivedDraft(
            method: method, place: value.place, template: MessageTemplate(fields),
            recordKey: GrayKeyReader.read(section["record_key"]))
    }

    private func readField(_ number: String, _ value: DocumentValue) -> MessageTemplate.Field? {
        guard let target = try? FieldPath(number), target.count == 1 else {
            value.fail("\"\(number)\" is no field number; write the number of a field of the request that is made")
            return nil
        }
        guard let text = value.text("request.1 or reply.1") else { return nil }
        let parts = text.split(separator: ".", maxSplits: 1)
        let sources: [Substring: MessageTemplate.Source] = ["request": .request, "reply": .reply]
        guard parts.count == 2, let source = sources[parts[0]] else {
            value.fail("\"\(text)\" does not say where the field comes from; write request.1 or reply.1")
            return nil
        }
        do {
            return MessageTemplate.Field(number: target[0], source: source, path: try FieldPath(parts[1]))
        } catch {
            value.fail("\(error)")
            return nil
        }
    }
}

/// A method that writes, before it is checked.
struct WriteDraft {
    let kind: CallKind
    /// Nil where it writes one record.
    let element: Placed<UInt32>?
    let routing: MethodDraft.Routing
    let lookUp: DerivedDraft?
    let put: DerivedDraft?
    let putOrInsert: DerivedDraft?
    let newGrayKey: GrayKeyDraft
    let erase: DerivedDraft?

    var changesGrayKey: Bool { if case .absent = newGrayKey { false } else { true } }
}

/// A request that the sidecar makes, before its method is known to be one.
struct DerivedDraft {
    let method: Placed<String>
    let place: Place
    let template: MessageTemplate
    /// In the request that is made; read like a gray key.
    let recordKey: GrayKeyDraft
}
