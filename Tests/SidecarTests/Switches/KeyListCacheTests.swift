import Testing

@testable import Sidecar

@Suite struct KeyListCacheTests {
    private let form = GrayKeyForm(components: [.text])
    private var list: KeyList {
        var list = KeyList()
        list.add { $0.append(7) }
        return list
    }

    /// Any difference is another list: place, path, file, form of the keys.
    @Test func aListIsUsedAgainWhereNothingDiffers() throws {
        let cache = KeyListCache()
        let old = try #require(FileStamp("/etc/passwd"), "a file of long ago")
        try #require(!old.isFresh)
        cache.keep(list, at: "a", path: "/x", stamp: old, form: form)
        #expect(cache.list(at: "a", path: "/x", stamp: old, form: form)?.count == 1)
        #expect(cache.list(at: "b", path: "/x", stamp: old, form: form) == nil)
        #expect(cache.list(at: "a", path: "/y", stamp: old, form: form) == nil)
        #expect(cache.list(at: "a", path: "/x", stamp: nil, form: form) == nil)
        #expect(cache.list(at: "a", path: "/x", stamp: FileStamp("/etc"), form: form) == nil)
        #expect(cache.list(at: "a", path: "/x", stamp: old, form: GrayKeyForm(components: [.integer])) == nil)
    }

    /// A second change within the same tick of the clock leaves the same stamp.
    @Test func aFileThatHasJustChangedIsReadAgain() throws {
        let folder = try TemporaryFolder()
        try folder.write("7", to: "keys")
        let stamp = FileStamp(folder.path("keys"))
        let cache = KeyListCache()
        cache.keep(list, at: "a", path: "/x", stamp: stamp, form: form)
        #expect(cache.list(at: "a", path: "/x", stamp: stamp, form: form) == nil)
    }
}
