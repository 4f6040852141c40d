import Testing
import WireFormat

@Suite struct FieldPathHolderTests {
    @Test func theHolderIsOneLevelUp() throws {
        #expect(try FieldPath("1").holder == nil)
        #expect(try FieldPath("1.3").holder == FieldPath("1"))
        #expect(try FieldPath("1.3.536870911").holder == FieldPath("1.3"))
    }

    @Test func onlyAFieldAtTheTopHasANumberThere() throws {
        #expect(try FieldPath("536870911").topLevelNumber == 536_870_911)
        #expect(try FieldPath("1.3").topLevelNumber == nil)
    }
}
