import Testing
import WireFormat

@Suite struct ScalarTypeTests {
    @Test func everyNameFindsItsType() {
        for type in ScalarType.allCases {
            #expect(ScalarType(name: type.name) == type)
            #expect(type.name == "\(type)")
        }
        #expect(ScalarType.allCases.count == 13)
    }

    @Test(arguments: ["", "double", "float", "String", "int", "enum", "string "])
    func otherNamesAreRefused(name: String) {
        #expect(ScalarType(name: name) == nil)
    }
}
