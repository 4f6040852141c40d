import Testing

@testable import Sidecar

@Suite struct NameGuessTests {
    @Test(arguments: [
        ("store_id", ["store", "id"]), ("storeId", ["store", "id"]), ("GetStore", ["get", "store"]), ("ID", ["id"]),
        ("__a1__b", ["a1", "b"]), ("", []),
    ])
    func wordsArePartedByCaseAndUnderscores(name: String, words: [String]) {
        #expect(NameGuess.words(name) == words)
    }

    @Test func grayKeysAreStoresAndTheLike() throws {
        #expect(NameGuess.grayRank("store") == 0)
        #expect(NameGuess.grayRank("storeId") == 0)
        #expect(NameGuess.grayRank("restore_store") == nil)
        #expect(NameGuess.grayRank("id") == nil)
        let tenant = try #require(NameGuess.grayRank("tenant_code"))
        let country = try #require(NameGuess.grayRank("country"))
        #expect(tenant < country)
    }

    @Test func whatIsCalledIDAloneFitsBest() throws {
        let ranks = ["id", "uuid", "order_id", "order_number"].map { NameGuess.keyRank($0) ?? .max }
        #expect(ranks == ranks.sorted() && Set(ranks).count == 4)
        #expect(NameGuess.keyRank("cents") == nil)
    }

    @Test func theNameThatMostHaveIsCommon() {
        let groups = [["tenant", "store"], ["store"], ["tenant"], ["store", "id"]]
        #expect(NameGuess.common(groups, rank: NameGuess.grayRank) == "store")
        #expect(NameGuess.common([["tenant", "store"]], rank: NameGuess.grayRank) == "store", "the better fitting")
        #expect(NameGuess.common([["x"]], rank: NameGuess.grayRank) == nil)
    }

    @Test(arguments: [
        ("GetOrder", NameGuess.MethodKind.get), ("GetManyOrders", .getMany), ("BatchGet", .getMany),
        ("ListOrders", .list),
        ("CreateOrder", .insert), ("CancelOrder", .update), ("SaveOrder", .upsert), ("DeleteOrder", .delete),
        ("WatchOrders", .read), ("Reindex", .unknown), ("Getaway", .unknown),
    ])
    func methodsAreGuessedByTheirFirstWord(name: String, kind: NameGuess.MethodKind) {
        #expect(NameGuess.kind(ofMethod: name) == kind)
    }
}
