// Written by Protocol/generate; do not edit.

/// The .proto files of this target, as server reflection serves them.
package enum ProtocolFiles {
    package struct File: Sendable {
        /// The path under `Protocol/`, the file's name in descriptors.
        package let name: String
        /// FNV-1a-64 of the source text.
        package let sourceHash: UInt64
        /// The serialized `google.protobuf.FileDescriptorProto`, in base64.
        package let descriptor: String
    }

    package static let all: [File] = [
        File(
            name: "grpc/health/v1/health.proto",
            sourceHash: 0xb65b_b720_358f_4bac,
            descriptor: """
                ChtncnBjL2hlYWx0aC92MS9oZWFsdGgucHJvdG8SDmdycGMuaGVhbHRoLnYxIi4KEkhlYWx0aENoZWNrUmVxdWVzdBIYCgdzZXJ2\
                aWNlGAEgASgJUgdzZXJ2aWNlIrEBChNIZWFsdGhDaGVja1Jlc3BvbnNlEkkKBnN0YXR1cxgBIAEoDjIxLmdycGMuaGVhbHRoLnYx\
                LkhlYWx0aENoZWNrUmVzcG9uc2UuU2VydmluZ1N0YXR1c1IGc3RhdHVzIk8KDVNlcnZpbmdTdGF0dXMSCwoHVU5LTk9XThAAEgsK\
                B1NFUlZJTkcQARIPCgtOT1RfU0VSVklORxACEhMKD1NFUlZJQ0VfVU5LTk9XThADIhMKEUhlYWx0aExpc3RSZXF1ZXN0IsQBChJI\
                ZWFsdGhMaXN0UmVzcG9uc2USTAoIc3RhdHVzZXMYASADKAsyMC5ncnBjLmhlYWx0aC52MS5IZWFsdGhMaXN0UmVzcG9uc2UuU3Rh\
                dHVzZXNFbnRyeVIIc3RhdHVzZXMaYAoNU3RhdHVzZXNFbnRyeRIQCgNrZXkYASABKAlSA2tleRI5CgV2YWx1ZRgCIAEoCzIjLmdy\
                cGMuaGVhbHRoLnYxLkhlYWx0aENoZWNrUmVzcG9uc2VSBXZhbHVlOgI4ATL9AQoGSGVhbHRoElAKBUNoZWNrEiIuZ3JwYy5oZWFs\
                dGgudjEuSGVhbHRoQ2hlY2tSZXF1ZXN0GiMuZ3JwYy5oZWFsdGgudjEuSGVhbHRoQ2hlY2tSZXNwb25zZRJNCgRMaXN0EiEuZ3Jw\
                Yy5oZWFsdGgudjEuSGVhbHRoTGlzdFJlcXVlc3QaIi5ncnBjLmhlYWx0aC52MS5IZWFsdGhMaXN0UmVzcG9uc2USUgoFV2F0Y2gS\
                Ii5ncnBjLmhlYWx0aC52MS5IZWFsdGhDaGVja1JlcXVlc3QaIy5ncnBjLmhlYWx0aC52MS5IZWFsdGhDaGVja1Jlc3BvbnNlMAFi\
                BnByb3RvMw==
                """
        ),
        File(
            name: "grpc/reflection/v1/reflection.proto",
            sourceHash: 0x6b4e_f91d_1827_b0fc,
            descriptor: """
                CiNncnBjL3JlZmxlY3Rpb24vdjEvcmVmbGVjdGlvbi5wcm90bxISZ3JwYy5yZWZsZWN0aW9uLnYxIvMCChdTZXJ2ZXJSZWZsZWN0\
                aW9uUmVxdWVzdBISCgRob3N0GAEgASgJUgRob3N0EioKEGZpbGVfYnlfZmlsZW5hbWUYAyABKAlIAFIOZmlsZUJ5RmlsZW5hbWUS\
                NgoWZmlsZV9jb250YWluaW5nX3N5bWJvbBgEIAEoCUgAUhRmaWxlQ29udGFpbmluZ1N5bWJvbBJiChlmaWxlX2NvbnRhaW5pbmdf\
                ZXh0ZW5zaW9uGAUgASgLMiQuZ3JwYy5yZWZsZWN0aW9uLnYxLkV4dGVuc2lvblJlcXVlc3RIAFIXZmlsZUNvbnRhaW5pbmdFeHRl\
                bnNpb24SQgodYWxsX2V4dGVuc2lvbl9udW1iZXJzX29mX3R5cGUYBiABKAlIAFIZYWxsRXh0ZW5zaW9uTnVtYmVyc09mVHlwZRIl\
                Cg1saXN0X3NlcnZpY2VzGAcgASgJSABSDGxpc3RTZXJ2aWNlc0IRCg9tZXNzYWdlX3JlcXVlc3QiZgoQRXh0ZW5zaW9uUmVxdWVz\
                dBInCg9jb250YWluaW5nX3R5cGUYASABKAlSDmNvbnRhaW5pbmdUeXBlEikKEGV4dGVuc2lvbl9udW1iZXIYAiABKAVSD2V4dGVu\
                c2lvbk51bWJlciKuBAoYU2VydmVyUmVmbGVjdGlvblJlc3BvbnNlEh0KCnZhbGlkX2hvc3QYASABKAlSCXZhbGlkSG9zdBJWChBv\
                cmlnaW5hbF9yZXF1ZXN0GAIgASgLMisuZ3JwYy5yZWZsZWN0aW9uLnYxLlNlcnZlclJlZmxlY3Rpb25SZXF1ZXN0Ug9vcmlnaW5h\
                bFJlcXVlc3QSZgoYZmlsZV9kZXNjcmlwdG9yX3Jlc3BvbnNlGAQgASgLMiouZ3JwYy5yZWZsZWN0aW9uLnYxLkZpbGVEZXNjcmlw\
                dG9yUmVzcG9uc2VIAFIWZmlsZURlc2NyaXB0b3JSZXNwb25zZRJyCh5hbGxfZXh0ZW5zaW9uX251bWJlcnNfcmVzcG9uc2UYBSAB\
                KAsyKy5ncnBjLnJlZmxlY3Rpb24udjEuRXh0ZW5zaW9uTnVtYmVyUmVzcG9uc2VIAFIbYWxsRXh0ZW5zaW9uTnVtYmVyc1Jlc3Bv\
                bnNlEl8KFmxpc3Rfc2VydmljZXNfcmVzcG9uc2UYBiABKAsyJy5ncnBjLnJlZmxlY3Rpb24udjEuTGlzdFNlcnZpY2VSZXNwb25z\
                ZUgAUhRsaXN0U2VydmljZXNSZXNwb25zZRJKCg5lcnJvcl9yZXNwb25zZRgHIAEoCzIhLmdycGMucmVmbGVjdGlvbi52MS5FcnJv\
                clJlc3BvbnNlSABSDWVycm9yUmVzcG9uc2VCEgoQbWVzc2FnZV9yZXNwb25zZSJMChZGaWxlRGVzY3JpcHRvclJlc3BvbnNlEjIK\
                FWZpbGVfZGVzY3JpcHRvcl9wcm90bxgBIAMoDFITZmlsZURlc2NyaXB0b3JQcm90byJqChdFeHRlbnNpb25OdW1iZXJSZXNwb25z\
                ZRIkCg5iYXNlX3R5cGVfbmFtZRgBIAEoCVIMYmFzZVR5cGVOYW1lEikKEGV4dGVuc2lvbl9udW1iZXIYAiADKAVSD2V4dGVuc2lv\
                bk51bWJlciJUChNMaXN0U2VydmljZVJlc3BvbnNlEj0KB3NlcnZpY2UYASADKAsyIy5ncnBjLnJlZmxlY3Rpb24udjEuU2Vydmlj\
                ZVJlc3BvbnNlUgdzZXJ2aWNlIiUKD1NlcnZpY2VSZXNwb25zZRISCgRuYW1lGAEgASgJUgRuYW1lIlMKDUVycm9yUmVzcG9uc2US\
                HQoKZXJyb3JfY29kZRgBIAEoBVIJZXJyb3JDb2RlEiMKDWVycm9yX21lc3NhZ2UYAiABKAlSDGVycm9yTWVzc2FnZTKJAQoQU2Vy\
                dmVyUmVmbGVjdGlvbhJ1ChRTZXJ2ZXJSZWZsZWN0aW9uSW5mbxIrLmdycGMucmVmbGVjdGlvbi52MS5TZXJ2ZXJSZWZsZWN0aW9u\
                UmVxdWVzdBosLmdycGMucmVmbGVjdGlvbi52MS5TZXJ2ZXJSZWZsZWN0aW9uUmVzcG9uc2UoATABYgZwcm90bzM=
                """
        ),
        File(
            name: "grpc/reflection/v1alpha/reflection.proto",
            sourceHash: 0x9e8e_014c_3ab9_89e4,
            descriptor: """
                CihncnBjL3JlZmxlY3Rpb24vdjFhbHBoYS9yZWZsZWN0aW9uLnByb3RvEhdncnBjLnJlZmxlY3Rpb24udjFhbHBoYSL4AgoXU2Vy\
                dmVyUmVmbGVjdGlvblJlcXVlc3QSEgoEaG9zdBgBIAEoCVIEaG9zdBIqChBmaWxlX2J5X2ZpbGVuYW1lGAMgASgJSABSDmZpbGVC\
                eUZpbGVuYW1lEjYKFmZpbGVfY29udGFpbmluZ19zeW1ib2wYBCABKAlIAFIUZmlsZUNvbnRhaW5pbmdTeW1ib2wSZwoZZmlsZV9j\
                b250YWluaW5nX2V4dGVuc2lvbhgFIAEoCzIpLmdycGMucmVmbGVjdGlvbi52MWFscGhhLkV4dGVuc2lvblJlcXVlc3RIAFIXZmls\
                ZUNvbnRhaW5pbmdFeHRlbnNpb24SQgodYWxsX2V4dGVuc2lvbl9udW1iZXJzX29mX3R5cGUYBiABKAlIAFIZYWxsRXh0ZW5zaW9u\
                TnVtYmVyc09mVHlwZRIlCg1saXN0X3NlcnZpY2VzGAcgASgJSABSDGxpc3RTZXJ2aWNlc0IRCg9tZXNzYWdlX3JlcXVlc3QiZgoQ\
                RXh0ZW5zaW9uUmVxdWVzdBInCg9jb250YWluaW5nX3R5cGUYASABKAlSDmNvbnRhaW5pbmdUeXBlEikKEGV4dGVuc2lvbl9udW1i\
                ZXIYAiABKAVSD2V4dGVuc2lvbk51bWJlciLHBAoYU2VydmVyUmVmbGVjdGlvblJlc3BvbnNlEh0KCnZhbGlkX2hvc3QYASABKAlS\
                CXZhbGlkSG9zdBJbChBvcmlnaW5hbF9yZXF1ZXN0GAIgASgLMjAuZ3JwYy5yZWZsZWN0aW9uLnYxYWxwaGEuU2VydmVyUmVmbGVj\
                dGlvblJlcXVlc3RSD29yaWdpbmFsUmVxdWVzdBJrChhmaWxlX2Rlc2NyaXB0b3JfcmVzcG9uc2UYBCABKAsyLy5ncnBjLnJlZmxl\
                Y3Rpb24udjFhbHBoYS5GaWxlRGVzY3JpcHRvclJlc3BvbnNlSABSFmZpbGVEZXNjcmlwdG9yUmVzcG9uc2USdwoeYWxsX2V4dGVu\
                c2lvbl9udW1iZXJzX3Jlc3BvbnNlGAUgASgLMjAuZ3JwYy5yZWZsZWN0aW9uLnYxYWxwaGEuRXh0ZW5zaW9uTnVtYmVyUmVzcG9u\
                c2VIAFIbYWxsRXh0ZW5zaW9uTnVtYmVyc1Jlc3BvbnNlEmQKFmxpc3Rfc2VydmljZXNfcmVzcG9uc2UYBiABKAsyLC5ncnBjLnJl\
                ZmxlY3Rpb24udjFhbHBoYS5MaXN0U2VydmljZVJlc3BvbnNlSABSFGxpc3RTZXJ2aWNlc1Jlc3BvbnNlEk8KDmVycm9yX3Jlc3Bv\
                bnNlGAcgASgLMiYuZ3JwYy5yZWZsZWN0aW9uLnYxYWxwaGEuRXJyb3JSZXNwb25zZUgAUg1lcnJvclJlc3BvbnNlQhIKEG1lc3Nh\
                Z2VfcmVzcG9uc2UiTAoWRmlsZURlc2NyaXB0b3JSZXNwb25zZRIyChVmaWxlX2Rlc2NyaXB0b3JfcHJvdG8YASADKAxSE2ZpbGVE\
                ZXNjcmlwdG9yUHJvdG8iagoXRXh0ZW5zaW9uTnVtYmVyUmVzcG9uc2USJAoOYmFzZV90eXBlX25hbWUYASABKAlSDGJhc2VUeXBl\
                TmFtZRIpChBleHRlbnNpb25fbnVtYmVyGAIgAygFUg9leHRlbnNpb25OdW1iZXIiWQoTTGlzdFNlcnZpY2VSZXNwb25zZRJCCgdz\
                ZXJ2aWNlGAEgAygLMiguZ3JwYy5yZWZsZWN0aW9uLnYxYWxwaGEuU2VydmljZVJlc3BvbnNlUgdzZXJ2aWNlIiUKD1NlcnZpY2VS\
                ZXNwb25zZRISCgRuYW1lGAEgASgJUgRuYW1lIlMKDUVycm9yUmVzcG9uc2USHQoKZXJyb3JfY29kZRgBIAEoBVIJZXJyb3JDb2Rl\
                EiMKDWVycm9yX21lc3NhZ2UYAiABKAlSDGVycm9yTWVzc2FnZTKTAQoQU2VydmVyUmVmbGVjdGlvbhJ/ChRTZXJ2ZXJSZWZsZWN0\
                aW9uSW5mbxIwLmdycGMucmVmbGVjdGlvbi52MWFscGhhLlNlcnZlclJlZmxlY3Rpb25SZXF1ZXN0GjEuZ3JwYy5yZWZsZWN0aW9u\
                LnYxYWxwaGEuU2VydmVyUmVmbGVjdGlvblJlc3BvbnNlKAEwAWIGcHJvdG8z
                """
        ),
        File(
            name: "switchover/v1/control.proto",
            sourceHash: 0x16bc_14cf_42ba_a6f8,
            descriptor: """
                Chtzd2l0Y2hvdmVyL3YxL2NvbnRyb2wucHJvdG8SDXN3aXRjaG92ZXIudjEaG3N3aXRjaG92ZXIvdjEvcmVjb3Jkcy5wcm90byIp\
                CgdHcmF5S2V5Eh4KCmNvbXBvbmVudHMYASADKAlSCmNvbXBvbmVudHMi7gEKCkdyYXlLZXlTZXQSHgoKZXZlcnl0aGluZxgBIAEo\
                CFIKZXZlcnl0aGluZxIqCgRkZW55GAIgAygLMhYuc3dpdGNob3Zlci52MS5HcmF5S2V5UgRkZW55EhsKCWRlbnlfZmlsZRgDIAEo\
                CVIIZGVueUZpbGUSLAoFYWxsb3cYBCADKAsyFi5zd2l0Y2hvdmVyLnYxLkdyYXlLZXlSBWFsbG93Eh0KCmFsbG93X2ZpbGUYBSAB\
                KAlSCWFsbG93RmlsZRIqChFwZXJjZW50X3RpbWVzXzEwMBgGIAEoDVIPcGVyY2VudFRpbWVzMTAwIpwBCghTd2l0Y2hlcxIUCgVl\
                cG9jaBgBIAEoBFIFZXBvY2gSFAoFcGhhc2UYAiABKAlSBXBoYXNlEjUKCGVucm9sbGVkGAMgASgLMhkuc3dpdGNob3Zlci52MS5H\
                cmF5S2V5U2V0UghlbnJvbGxlZBItCgRncmF5GAQgASgLMhkuc3dpdGNob3Zlci52MS5HcmF5S2V5U2V0UgRncmF5IjAKEEdldFN0\
                YXR1c1JlcXVlc3QSHAoJbWlncmF0aW9uGAEgASgJUgltaWdyYXRpb24i5gEKEUdldFN0YXR1c1Jlc3BvbnNlEj4KCm1pZ3JhdGlv\
                bnMYASADKAsyHi5zd2l0Y2hvdmVyLnYxLk1pZ3JhdGlvblN0YXR1c1IKbWlncmF0aW9ucxIYCgd2ZXJzaW9uGAIgASgJUgd2ZXJz\
                aW9uEhQKBXJlYWR5GAMgASgIUgVyZWFkeRIcCglyZWFkaW5lc3MYBCABKAlSCXJlYWRpbmVzcxIYCgdzdGFydGVkGAUgASgJUgdz\
                dGFydGVkEikKEHVubmFtZWRfc2VydmljZXMYBiADKAlSD3VubmFtZWRTZXJ2aWNlcyITChFHZXRQcm9jZXNzUmVxdWVzdCJyChJH\
                ZXRQcm9jZXNzUmVzcG9uc2USGAoHdmVyc2lvbhgBIAEoCVIHdmVyc2lvbhIQCgNwaWQYAiABKA1SA3BpZBIYCgdzdGFydGVkGAMg\
                ASgJUgdzdGFydGVkEhYKBmxpc3RlbhgEIAEoCVIGbGlzdGVuIr4ECg9NaWdyYXRpb25TdGF0dXMSHAoJbWlncmF0aW9uGAEgASgJ\
                UgltaWdyYXRpb24SMgoIaW5fZm9yY2UYAiABKAsyFy5zd2l0Y2hvdmVyLnYxLlN3aXRjaGVzUgdpbkZvcmNlEjAKB2luX2ZpbGUY\
                AyABKAsyFy5zd2l0Y2hvdmVyLnYxLlN3aXRjaGVzUgZpbkZpbGUSGAoHcHJvYmxlbRgEIAEoCVIHcHJvYmxlbRIvCgVzaWRlcxgF\
                IAMoCzIZLnN3aXRjaG92ZXIudjEuU2lkZVN0YXR1c1IFc2lkZXMSMwoGc3RhZ2VzGAYgAygLMhsuc3dpdGNob3Zlci52MS5TdGFn\
                ZVRyYWZmaWNSBnN0YWdlcxIdCgpuZXh0X3BoYXNlGAcgASgJUgluZXh0UGhhc2USNQoJb2JzdGFjbGVzGAggAygLMhcuc3dpdGNo\
                b3Zlci52MS5PYnN0YWNsZVIJb2JzdGFjbGVzEiEKDGRpcnR5X3dyaXRlcxgJIAEoBFILZGlydHlXcml0ZXMSEAoDbWV0GAogAygJ\
                UgNtZXQSGAoHdW5rbm93bhgLIAMoCVIHdW5rbm93bhIyChVzZXJ2aWNlc19uZXZlcl9jYWxsZWQYDCADKAlSE3NlcnZpY2VzTmV2\
                ZXJDYWxsZWQSKQoQdW5saXN0ZWRfbWV0aG9kcxgNIAMoCVIPdW5saXN0ZWRNZXRob2RzEiMKDXRhYmxlX2NoYW5nZXMYDiADKAlS\
                DHRhYmxlQ2hhbmdlcyKoAwoKU2lkZVN0YXR1cxISCgRzaWRlGAEgASgJUgRzaWRlEhoKCHVwc3RyZWFtGAIgASgJUgh1cHN0cmVh\
                bRIYCgdhZGRyZXNzGAMgASgJUgdhZGRyZXNzEhQKBWFza2VkGAQgASgEUgVhc2tlZBIqChFhc2tlZF9sYXN0X21pbnV0ZRgFIAEo\
                BFIPYXNrZWRMYXN0TWludXRlEhYKBmZhaWxlZBgGIAEoBFIGZmFpbGVkEiwKEmZhaWxlZF9sYXN0X21pbnV0ZRgHIAEoBFIQZmFp\
                bGVkTGFzdE1pbnV0ZRIrChFtZWFuX21pY3Jvc2Vjb25kcxgIIAEoBFIQbWVhbk1pY3Jvc2Vjb25kcxIcCglyZWFjaGFibGUYCSAB\
                KAlSCXJlYWNoYWJsZRIrChFyZWFjaGFibGVfcHJvYmxlbRgKIAEoCVIQcmVhY2hhYmxlUHJvYmxlbRIcCgljYW5jZWxsZWQYCyAB\
                KARSCWNhbmNlbGxlZBIyChVjYW5jZWxsZWRfbGFzdF9taW51dGUYDCABKARSE2NhbmNlbGxlZExhc3RNaW51dGUirAEKDFN0YWdl\
                VHJhZmZpYxIUCgVzdGFnZRgBIAEoCVIFc3RhZ2USFAoFY2FsbHMYAiABKARSBWNhbGxzEioKEWNhbGxzX2xhc3RfbWludXRlGAMg\
                ASgEUg9jYWxsc0xhc3RNaW51dGUSFgoGZmFpbGVkGAQgASgEUgZmYWlsZWQSLAoSZmFpbGVkX2xhc3RfbWludXRlGAUgASgEUhBm\
                YWlsZWRMYXN0TWludXRlIl4KCE9ic3RhY2xlEhIKBG5hbWUYASABKAlSBG5hbWUSGgoIc2VudGVuY2UYAiABKAlSCHNlbnRlbmNl\
                EiIKDWNhbl9iZV93YWl2ZWQYAyABKAhSC2NhbkJlV2FpdmVkIp0DChVDaGFuZ2VTd2l0Y2hlc1JlcXVlc3QSHAoJbWlncmF0aW9u\
                GAEgASgJUgltaWdyYXRpb24SGQoIaWZfZXBvY2gYAiABKARSB2lmRXBvY2gSFgoFcGhhc2UYAyABKAlIAFIFcGhhc2USNgoIZW5y\
                b2xsZWQYBCABKAsyGC5zd2l0Y2hvdmVyLnYxLlNldENoYW5nZUgAUghlbnJvbGxlZBIuCgRncmF5GAUgASgLMhguc3dpdGNob3Zl\
                ci52MS5TZXRDaGFuZ2VIAFIEZ3JheRI1Cghyb2xsYmFjaxgGIAEoCzIXLnN3aXRjaG92ZXIudjEuUm9sbGJhY2tIAFIIcm9sbGJh\
                Y2sSFwoHZHJ5X3J1bhgHIAEoCFIGZHJ5UnVuEhYKBnJlYXNvbhgIIAEoCVIGcmVhc29uEhQKBWZvcmNlGAkgASgJUgVmb3JjZRIh\
                CgxhY2NlcHRfZGlydHkYCiABKARSC2FjY2VwdERpcnR5EiAKDG5ld19pc19lbXB0eRgLIAEoCFIKbmV3SXNFbXB0eUIICgZjaGFu\
                Z2UirgIKCVNldENoYW5nZRIxCgNhZGQYASABKAsyHS5zd2l0Y2hvdmVyLnYxLlNldENoYW5nZS5LZXlzSABSA2FkZBI3CgZyZW1v\
                dmUYAiABKAsyHS5zd2l0Y2hvdmVyLnYxLlNldENoYW5nZS5LZXlzSABSBnJlbW92ZRIsChFwZXJjZW50X3RpbWVzXzEwMBgDIAEo\
                DUgAUg9wZXJjZW50VGltZXMxMDASEgoDYWxsGAQgASgISABSA2FsbBIUCgRub25lGAUgASgISABSBG5vbmUSHwoKYWxsb3dfZmls\
                ZRgGIAEoCUgAUglhbGxvd0ZpbGUaMgoES2V5cxIqCgRrZXlzGAEgAygLMhYuc3dpdGNob3Zlci52MS5HcmF5S2V5UgRrZXlzQggK\
                BmNoYW5nZSIlCghSb2xsYmFjaxIZCgh0b19lcG9jaBgBIAEoBFIHdG9FcG9jaCK7AgoWQ2hhbmdlU3dpdGNoZXNSZXNwb25zZRIv\
                CgZiZWZvcmUYASABKAsyFy5zd2l0Y2hvdmVyLnYxLlN3aXRjaGVzUgZiZWZvcmUSLQoFYWZ0ZXIYAiABKAsyFy5zd2l0Y2hvdmVy\
                LnYxLlN3aXRjaGVzUgVhZnRlchI1CglvYnN0YWNsZXMYAyADKAsyFy5zd2l0Y2hvdmVyLnYxLk9ic3RhY2xlUglvYnN0YWNsZXMS\
                LQoFZGVsdGEYBCABKAsyFy5zd2l0Y2hvdmVyLnYxLktleURlbHRhUgVkZWx0YRIrChFoZWxkX21pY3Jvc2Vjb25kcxgFIAEoBFIQ\
                aGVsZE1pY3Jvc2Vjb25kcxIYCgdjaGFuZ2VkGAYgASgIUgdjaGFuZ2VkEhQKBW5vdGVzGAcgAygJUgVub3RlcyLHAgoIS2V5RGVs\
                dGESHwoLbGlzdGVkX2tleXMYASABKARSCmxpc3RlZEtleXMSMgoIZXhhbXBsZXMYAiADKAsyFi5zd2l0Y2hvdmVyLnYxLkdyYXlL\
                ZXlSCGV4YW1wbGVzEiYKD3NoYXJlX3RpbWVzXzEwMBgDIAEoDVINc2hhcmVUaW1lczEwMBIqChFjYWxsc19sYXN0X21pbnV0ZRgE\
                IAEoBFIPY2FsbHNMYXN0TWludXRlEh8KC2NhbGxzX21vdmVkGAUgASgEUgpjYWxsc01vdmVkEiMKDXNhbXBsZWRfY2FsbHMYBiAB\
                KARSDHNhbXBsZWRDYWxscxIjCg1jYWxsc191bmtub3duGAcgASgIUgxjYWxsc1Vua25vd24SJwoPY2FsbHNfZWxzZXdoZXJlGAgg\
                ASgEUg5jYWxsc0Vsc2V3aGVyZSJIChJMaXN0Q2hhbmdlc1JlcXVlc3QSHAoJbWlncmF0aW9uGAEgASgJUgltaWdyYXRpb24SFAoF\
                bGltaXQYAiABKA1SBWxpbWl0IkwKE0xpc3RDaGFuZ2VzUmVzcG9uc2USNQoHY2hhbmdlcxgBIAMoCzIbLnN3aXRjaG92ZXIudjEu\
                U3dpdGNoQ2hhbmdlUgdjaGFuZ2VzIuABCgxTd2l0Y2hDaGFuZ2USEgoEdGltZRgBIAEoCVIEdGltZRIcCgltaWdyYXRpb24YAiAB\
                KAlSCW1pZ3JhdGlvbhIvCgZiZWZvcmUYAyABKAsyFy5zd2l0Y2hvdmVyLnYxLlN3aXRjaGVzUgZiZWZvcmUSLQoFYWZ0ZXIYBCAB\
                KAsyFy5zd2l0Y2hvdmVyLnYxLlN3aXRjaGVzUgVhZnRlchIOCgJieRgFIAEoCVICYnkSFgoGcmVhc29uGAYgASgJUgZyZWFzb24S\
                FgoGb3JpZ2luGAcgASgJUgZvcmlnaW4iWwoRRXhwbGFpbktleVJlcXVlc3QSHAoJbWlncmF0aW9uGAEgASgJUgltaWdyYXRpb24S\
                KAoDa2V5GAIgASgLMhYuc3dpdGNob3Zlci52MS5HcmF5S2V5UgNrZXkioAEKEkV4cGxhaW5LZXlSZXNwb25zZRIUCgVzdGFnZRgB\
                IAEoCVIFc3RhZ2USFAoFZXBvY2gYAiABKARSBWVwb2NoEhoKCGVucm9sbGVkGAMgASgIUghlbnJvbGxlZBISCgRncmF5GAQgASgI\
                UgRncmF5EhYKBmJ1Y2tldBgFIAEoDVIGYnVja2V0EhYKBnJvdXRlcxgGIAMoCVIGcm91dGVzIloKFEV4cGxhaW5SZWNvcmRSZXF1\
                ZXN0EhwKCW1pZ3JhdGlvbhgBIAEoCVIJbWlncmF0aW9uEiQKA2tleRgCIAEoCzISLnN3aXRjaG92ZXIudjEuS2V5UgNrZXkitgIK\
                FUV4cGxhaW5SZWNvcmRSZXNwb25zZRIUCgVzdGFnZRgBIAEoCVIFc3RhZ2USFAoFZXBvY2gYAiABKARSBWVwb2NoEi8KBXNpZGVz\
                GAMgAygLMhkuc3dpdGNob3Zlci52MS5TaWRlUmVjb3JkUgVzaWRlcxIcCglkaWZmZXJpbmcYBCADKAlSCWRpZmZlcmluZxIjCg1i\
                ZWluZ193cml0dGVuGAUgASgIUgxiZWluZ1dyaXR0ZW4SGAoHd2FpdGluZxgGIAEoDVIHd2FpdGluZxIvChNjbG9zZWRfbWlsbGlz\
                ZWNvbmRzGAcgASgEUhJjbG9zZWRNaWxsaXNlY29uZHMSMgoGd3JpdGVzGAggAygLMhouc3dpdGNob3Zlci52MS5SZWNvcmRXcml0\
                ZVIGd3JpdGVzImkKClNpZGVSZWNvcmQSEgoEc2lkZRgBIAEoCVIEc2lkZRItCgZyZWNvcmQYAiABKAsyFS5zd2l0Y2hvdmVyLnYx\
                LlJlY29yZFIGcmVjb3JkEhgKB3Byb2JsZW0YAyABKAlSB3Byb2JsZW0ikQEKC1JlY29yZFdyaXRlEhIKBHRpbWUYASABKAlSBHRp\
                bWUSEgoEa2luZBgCIAEoCVIEa2luZBIUCgVzdGFnZRgDIAEoCVIFc3RhZ2USFAoFZXBvY2gYBCABKARSBWVwb2NoEhgKB291dGNv\
                bWUYBSABKAlSB291dGNvbWUSFAoFZGlydHkYBiABKAhSBWRpcnR5MpAECgdDb250cm9sEk4KCUdldFN0YXR1cxIfLnN3aXRjaG92\
                ZXIudjEuR2V0U3RhdHVzUmVxdWVzdBogLnN3aXRjaG92ZXIudjEuR2V0U3RhdHVzUmVzcG9uc2USXQoOQ2hhbmdlU3dpdGNoZXMS\
                JC5zd2l0Y2hvdmVyLnYxLkNoYW5nZVN3aXRjaGVzUmVxdWVzdBolLnN3aXRjaG92ZXIudjEuQ2hhbmdlU3dpdGNoZXNSZXNwb25z\
                ZRJUCgtMaXN0Q2hhbmdlcxIhLnN3aXRjaG92ZXIudjEuTGlzdENoYW5nZXNSZXF1ZXN0GiIuc3dpdGNob3Zlci52MS5MaXN0Q2hh\
                bmdlc1Jlc3BvbnNlElEKCkV4cGxhaW5LZXkSIC5zd2l0Y2hvdmVyLnYxLkV4cGxhaW5LZXlSZXF1ZXN0GiEuc3dpdGNob3Zlci52\
                MS5FeHBsYWluS2V5UmVzcG9uc2USWgoNRXhwbGFpblJlY29yZBIjLnN3aXRjaG92ZXIudjEuRXhwbGFpblJlY29yZFJlcXVlc3Qa\
                JC5zd2l0Y2hvdmVyLnYxLkV4cGxhaW5SZWNvcmRSZXNwb25zZRJRCgpHZXRQcm9jZXNzEiAuc3dpdGNob3Zlci52MS5HZXRQcm9j\
                ZXNzUmVxdWVzdBohLnN3aXRjaG92ZXIudjEuR2V0UHJvY2Vzc1Jlc3BvbnNlYgZwcm90bzM=
                """
        ),
        File(
            name: "switchover/v1/records.proto",
            sourceHash: 0x4c8e_cb11_eb9c_d330,
            descriptor: """
                Chtzd2l0Y2hvdmVyL3YxL3JlY29yZHMucHJvdG8SDXN3aXRjaG92ZXIudjEihwIKBVZhbHVlEhQKBGJvb2wYASABKAhIAFIEYm9v\
                bBIWCgVpbnQ2NBgCIAEoA0gAUgVpbnQ2NBIYCgZ1aW50NjQYAyABKARIAFIGdWludDY0EhgKBmRvdWJsZRgEIAEoAUgAUgZkb3Vi\
                bGUSGgoHZGVjaW1hbBgFIAEoCUgAUgdkZWNpbWFsEhQKBHRleHQYBiABKAlIAFIEdGV4dBIWCgVieXRlcxgHIAEoDEgAUgVieXRl\
                cxIeCgl0aW1lc3RhbXAYCCABKANIAFIJdGltZXN0YW1wEhQKBHV1aWQYCSABKAxIAFIEdXVpZBIUCgRqc29uGAogASgJSABSBGpz\
                b25CBgoEa2luZCIxCgNLZXkSKgoFcGFydHMYASADKAsyFC5zd2l0Y2hvdmVyLnYxLlZhbHVlUgVwYXJ0cyJHCgVGaWVsZBISCgRu\
                YW1lGAEgASgJUgRuYW1lEioKBXZhbHVlGAIgASgLMhQuc3dpdGNob3Zlci52MS5WYWx1ZVIFdmFsdWUi0wEKBlJlY29yZBIkCgNr\
                ZXkYASABKAsyEi5zd2l0Y2hvdmVyLnYxLktleVIDa2V5Ei8KCGdyYXlfa2V5GAIgASgLMhQuc3dpdGNob3Zlci52MS5WYWx1ZVIH\
                Z3JheUtleRIsCgZmaWVsZHMYAyADKAsyFC5zd2l0Y2hvdmVyLnYxLkZpZWxkUgZmaWVsZHMSHQoHdmVyc2lvbhgEIAEoA0gAUgd2\
                ZXJzaW9uiAEBEhkKCHNvcnRfa2V5GAUgASgMUgdzb3J0S2V5QgoKCF92ZXJzaW9uInsKCkdldFJlcXVlc3QSFgoGZW50aXR5GAEg\
                ASgJUgZlbnRpdHkSJAoDa2V5GAIgASgLMhIuc3dpdGNob3Zlci52MS5LZXlSA2tleRIvCghncmF5X2tleRgDIAEoCzIULnN3aXRj\
                aG92ZXIudjEuVmFsdWVSB2dyYXlLZXkiPAoLR2V0UmVzcG9uc2USLQoGcmVjb3JkGAEgASgLMhUuc3dpdGNob3Zlci52MS5SZWNv\
                cmRSBnJlY29yZCKBAQoOR2V0TWFueVJlcXVlc3QSFgoGZW50aXR5GAEgASgJUgZlbnRpdHkSJgoEa2V5cxgCIAMoCzISLnN3aXRj\
                aG92ZXIudjEuS2V5UgRrZXlzEi8KCGdyYXlfa2V5GAMgASgLMhQuc3dpdGNob3Zlci52MS5WYWx1ZVIHZ3JheUtleSJCCg9HZXRN\
                YW55UmVzcG9uc2USLwoHcmVjb3JkcxgBIAMoCzIVLnN3aXRjaG92ZXIudjEuUmVjb3JkUgdyZWNvcmRzIucBCgxRdWVyeVJlcXVl\
                c3QSFgoGZW50aXR5GAEgASgJUgZlbnRpdHkSLQoGZmlsdGVyGAIgASgLMhUuc3dpdGNob3Zlci52MS5GaWx0ZXJSBmZpbHRlchIv\
                CghncmF5X2tleRgDIAEoCzIULnN3aXRjaG92ZXIudjEuVmFsdWVSB2dyYXlLZXkSKgoFb3JkZXIYBCADKAsyFC5zd2l0Y2hvdmVy\
                LnYxLk9yZGVyUgVvcmRlchIUCgVsaW1pdBgFIAEoDVIFbGltaXQSHQoKcGFnZV90b2tlbhgGIAEoDFIJcGFnZVRva2VuImgKDVF1\
                ZXJ5UmVzcG9uc2USLwoHcmVjb3JkcxgBIAMoCzIVLnN3aXRjaG92ZXIudjEuUmVjb3JkUgdyZWNvcmRzEiYKD25leHRfcGFnZV90\
                b2tlbhgCIAEoDFINbmV4dFBhZ2VUb2tlbiI9CgVPcmRlchIUCgVmaWVsZBgBIAEoCVIFZmllbGQSHgoKZGVzY2VuZGluZxgCIAEo\
                CFIKZGVzY2VuZGluZyLpAgoGRmlsdGVyEioKA2FsbBgBIAEoCzIWLnN3aXRjaG92ZXIudjEuRmlsdGVyc0gAUgNhbGwSKgoDYW55\
                GAIgASgLMhYuc3dpdGNob3Zlci52MS5GaWx0ZXJzSABSA2FueRIxCgduZWdhdGVkGAMgASgLMhUuc3dpdGNob3Zlci52MS5GaWx0\
                ZXJIAFIHbmVnYXRlZBI7Cgpjb21wYXJpc29uGAQgASgLMhkuc3dpdGNob3Zlci52MS5Db21wYXJpc29uSABSCmNvbXBhcmlzb24S\
                LAoFYW1vbmcYBSABKAsyFC5zd2l0Y2hvdmVyLnYxLkFtb25nSABSBWFtb25nEjAKB2lzX251bGwYBiABKAsyFS5zd2l0Y2hvdmVy\
                LnYxLklzTnVsbEgAUgZpc051bGwSLwoGcHJlZml4GAcgASgLMhUuc3dpdGNob3Zlci52MS5QcmVmaXhIAFIGcHJlZml4QgYKBGtp\
                bmQiOgoHRmlsdGVycxIvCgdmaWx0ZXJzGAEgAygLMhUuc3dpdGNob3Zlci52MS5GaWx0ZXJSB2ZpbHRlcnMijgIKCkNvbXBhcmlz\
                b24SFAoFZmllbGQYASABKAlSBWZpZWxkEj4KCG9wZXJhdG9yGAIgASgOMiIuc3dpdGNob3Zlci52MS5Db21wYXJpc29uLk9wZXJh\
                dG9yUghvcGVyYXRvchIqCgV2YWx1ZRgDIAEoCzIULnN3aXRjaG92ZXIudjEuVmFsdWVSBXZhbHVlIn4KCE9wZXJhdG9yEhgKFE9Q\
                RVJBVE9SX1VOU1BFQ0lGSUVEEAASCQoFRVFVQUwQARINCglOT1RfRVFVQUwQAhIICgRMRVNTEAMSEQoNTEVTU19PUl9FUVVBTBAE\
                EgsKB0dSRUFURVIQBRIUChBHUkVBVEVSX09SX0VRVUFMEAYiSwoFQW1vbmcSFAoFZmllbGQYASABKAlSBWZpZWxkEiwKBnZhbHVl\
                cxgCIAMoCzIULnN3aXRjaG92ZXIudjEuVmFsdWVSBnZhbHVlcyIeCgZJc051bGwSFAoFZmllbGQYASABKAlSBWZpZWxkIjYKBlBy\
                ZWZpeBIUCgVmaWVsZBgBIAEoCVIFZmllbGQSFgoGcHJlZml4GAIgASgJUgZwcmVmaXgirAEKDUluc2VydFJlcXVlc3QSFgoGZW50\
                aXR5GAEgASgJUgZlbnRpdHkSJAoDa2V5GAIgASgLMhIuc3dpdGNob3Zlci52MS5LZXlSA2tleRIvCghncmF5X2tleRgDIAEoCzIU\
                LnN3aXRjaG92ZXIudjEuVmFsdWVSB2dyYXlLZXkSLAoGZmllbGRzGAQgAygLMhQuc3dpdGNob3Zlci52MS5GaWVsZFIGZmllbGRz\
                Ij8KDkluc2VydFJlc3BvbnNlEi0KBnJlY29yZBgBIAEoCzIVLnN3aXRjaG92ZXIudjEuUmVjb3JkUgZyZWNvcmQiqwIKDVVwZGF0\
                ZVJlcXVlc3QSFgoGZW50aXR5GAEgASgJUgZlbnRpdHkSJAoDa2V5GAIgASgLMhIuc3dpdGNob3Zlci52MS5LZXlSA2tleRIvCghn\
                cmF5X2tleRgDIAEoCzIULnN3aXRjaG92ZXIudjEuVmFsdWVSB2dyYXlLZXkSLgoHY2hhbmdlcxgEIAMoCzIULnN3aXRjaG92ZXIu\
                djEuRmllbGRSB2NoYW5nZXMSLgoQZXhwZWN0ZWRfdmVyc2lvbhgFIAEoA0gAUg9leHBlY3RlZFZlcnNpb26IAQESNgoMbmV3X2dy\
                YXlfa2V5GAYgASgLMhQuc3dpdGNob3Zlci52MS5WYWx1ZVIKbmV3R3JheUtleUITChFfZXhwZWN0ZWRfdmVyc2lvbiI/Cg5VcGRh\
                dGVSZXNwb25zZRItCgZyZWNvcmQYASABKAsyFS5zd2l0Y2hvdmVyLnYxLlJlY29yZFIGcmVjb3JkIqwBCg1VcHNlcnRSZXF1ZXN0\
                EhYKBmVudGl0eRgBIAEoCVIGZW50aXR5EiQKA2tleRgCIAEoCzISLnN3aXRjaG92ZXIudjEuS2V5UgNrZXkSLwoIZ3JheV9rZXkY\
                AyABKAsyFC5zd2l0Y2hvdmVyLnYxLlZhbHVlUgdncmF5S2V5EiwKBmZpZWxkcxgEIAMoCzIULnN3aXRjaG92ZXIudjEuRmllbGRS\
                BmZpZWxkcyI/Cg5VcHNlcnRSZXNwb25zZRItCgZyZWNvcmQYASABKAsyFS5zd2l0Y2hvdmVyLnYxLlJlY29yZFIGcmVjb3JkIskB\
                Cg1EZWxldGVSZXF1ZXN0EhYKBmVudGl0eRgBIAEoCVIGZW50aXR5EiQKA2tleRgCIAEoCzISLnN3aXRjaG92ZXIudjEuS2V5UgNr\
                ZXkSLwoIZ3JheV9rZXkYAyABKAsyFC5zd2l0Y2hvdmVyLnYxLlZhbHVlUgdncmF5S2V5Ei4KEGV4cGVjdGVkX3ZlcnNpb24YBSAB\
                KANIAFIPZXhwZWN0ZWRWZXJzaW9uiAEBQhMKEV9leHBlY3RlZF92ZXJzaW9uSgQIBBAFIj8KDkRlbGV0ZVJlc3BvbnNlEi0KBnJl\
                Y29yZBgBIAEoCzIVLnN3aXRjaG92ZXIudjEuUmVjb3JkUgZyZWNvcmQy8QMKB1JlY29yZHMSPAoDR2V0Ehkuc3dpdGNob3Zlci52\
                MS5HZXRSZXF1ZXN0Ghouc3dpdGNob3Zlci52MS5HZXRSZXNwb25zZRJICgdHZXRNYW55Eh0uc3dpdGNob3Zlci52MS5HZXRNYW55\
                UmVxdWVzdBoeLnN3aXRjaG92ZXIudjEuR2V0TWFueVJlc3BvbnNlEkIKBVF1ZXJ5Ehsuc3dpdGNob3Zlci52MS5RdWVyeVJlcXVl\
                c3QaHC5zd2l0Y2hvdmVyLnYxLlF1ZXJ5UmVzcG9uc2USRQoGSW5zZXJ0Ehwuc3dpdGNob3Zlci52MS5JbnNlcnRSZXF1ZXN0Gh0u\
                c3dpdGNob3Zlci52MS5JbnNlcnRSZXNwb25zZRJFCgZVcGRhdGUSHC5zd2l0Y2hvdmVyLnYxLlVwZGF0ZVJlcXVlc3QaHS5zd2l0\
                Y2hvdmVyLnYxLlVwZGF0ZVJlc3BvbnNlEkUKBlVwc2VydBIcLnN3aXRjaG92ZXIudjEuVXBzZXJ0UmVxdWVzdBodLnN3aXRjaG92\
                ZXIudjEuVXBzZXJ0UmVzcG9uc2USRQoGRGVsZXRlEhwuc3dpdGNob3Zlci52MS5EZWxldGVSZXF1ZXN0Gh0uc3dpdGNob3Zlci52\
                MS5EZWxldGVSZXNwb25zZWIGcHJvdG8z
                """
        ),
    ]
}
