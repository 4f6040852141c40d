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
            sourceHash: 0x644e_8c21_8971_a445,
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
                ASgJUgdzdGFydGVkEhYKBmxpc3RlbhgEIAEoCVIGbGlzdGVuIskFCg9NaWdyYXRpb25TdGF0dXMSHAoJbWlncmF0aW9uGAEgASgJ\
                UgltaWdyYXRpb24SMgoIaW5fZm9yY2UYAiABKAsyFy5zd2l0Y2hvdmVyLnYxLlN3aXRjaGVzUgdpbkZvcmNlEjAKB2luX2ZpbGUY\
                AyABKAsyFy5zd2l0Y2hvdmVyLnYxLlN3aXRjaGVzUgZpbkZpbGUSGAoHcHJvYmxlbRgEIAEoCVIHcHJvYmxlbRIvCgVzaWRlcxgF\
                IAMoCzIZLnN3aXRjaG92ZXIudjEuU2lkZVN0YXR1c1IFc2lkZXMSMwoGc3RhZ2VzGAYgAygLMhsuc3dpdGNob3Zlci52MS5TdGFn\
                ZVRyYWZmaWNSBnN0YWdlcxIdCgpuZXh0X3BoYXNlGAcgASgJUgluZXh0UGhhc2USNQoJb2JzdGFjbGVzGAggAygLMhcuc3dpdGNo\
                b3Zlci52MS5PYnN0YWNsZVIJb2JzdGFjbGVzEiEKDGRpcnR5X3dyaXRlcxgJIAEoBFILZGlydHlXcml0ZXMSEAoDbWV0GAogAygJ\
                UgNtZXQSGAoHdW5rbm93bhgLIAMoCVIHdW5rbm93bhIyChVzZXJ2aWNlc19uZXZlcl9jYWxsZWQYDCADKAlSE3NlcnZpY2VzTmV2\
                ZXJDYWxsZWQSKQoQdW5saXN0ZWRfbWV0aG9kcxgNIAMoCVIPdW5saXN0ZWRNZXRob2RzEiMKDXRhYmxlX2NoYW5nZXMYDiADKAlS\
                DHRhYmxlQ2hhbmdlcxI5CgxsYXN0X2luX2ZpbGUYDyABKAsyFy5zd2l0Y2hvdmVyLnYxLlN3aXRjaGVzUgpsYXN0SW5GaWxlEicK\
                D2FkdmFuY2VfdW5rbm93bhgQIAEoCVIOYWR2YW5jZVVua25vd24SJQoOcGlubmVkX3JlY29yZHMYESABKARSDXBpbm5lZFJlY29y\
                ZHMiqAMKClNpZGVTdGF0dXMSEgoEc2lkZRgBIAEoCVIEc2lkZRIaCgh1cHN0cmVhbRgCIAEoCVIIdXBzdHJlYW0SGAoHYWRkcmVz\
                cxgDIAEoCVIHYWRkcmVzcxIUCgVhc2tlZBgEIAEoBFIFYXNrZWQSKgoRYXNrZWRfbGFzdF9taW51dGUYBSABKARSD2Fza2VkTGFz\
                dE1pbnV0ZRIWCgZmYWlsZWQYBiABKARSBmZhaWxlZBIsChJmYWlsZWRfbGFzdF9taW51dGUYByABKARSEGZhaWxlZExhc3RNaW51\
                dGUSKwoRbWVhbl9taWNyb3NlY29uZHMYCCABKARSEG1lYW5NaWNyb3NlY29uZHMSHAoJcmVhY2hhYmxlGAkgASgJUglyZWFjaGFi\
                bGUSKwoRcmVhY2hhYmxlX3Byb2JsZW0YCiABKAlSEHJlYWNoYWJsZVByb2JsZW0SHAoJY2FuY2VsbGVkGAsgASgEUgljYW5jZWxs\
                ZWQSMgoVY2FuY2VsbGVkX2xhc3RfbWludXRlGAwgASgEUhNjYW5jZWxsZWRMYXN0TWludXRlIqwBCgxTdGFnZVRyYWZmaWMSFAoF\
                c3RhZ2UYASABKAlSBXN0YWdlEhQKBWNhbGxzGAIgASgEUgVjYWxscxIqChFjYWxsc19sYXN0X21pbnV0ZRgDIAEoBFIPY2FsbHNM\
                YXN0TWludXRlEhYKBmZhaWxlZBgEIAEoBFIGZmFpbGVkEiwKEmZhaWxlZF9sYXN0X21pbnV0ZRgFIAEoBFIQZmFpbGVkTGFzdE1p\
                bnV0ZSJeCghPYnN0YWNsZRISCgRuYW1lGAEgASgJUgRuYW1lEhoKCHNlbnRlbmNlGAIgASgJUghzZW50ZW5jZRIiCg1jYW5fYmVf\
                d2FpdmVkGAMgASgIUgtjYW5CZVdhaXZlZCKdAwoVQ2hhbmdlU3dpdGNoZXNSZXF1ZXN0EhwKCW1pZ3JhdGlvbhgBIAEoCVIJbWln\
                cmF0aW9uEhkKCGlmX2Vwb2NoGAIgASgEUgdpZkVwb2NoEhYKBXBoYXNlGAMgASgJSABSBXBoYXNlEjYKCGVucm9sbGVkGAQgASgL\
                Mhguc3dpdGNob3Zlci52MS5TZXRDaGFuZ2VIAFIIZW5yb2xsZWQSLgoEZ3JheRgFIAEoCzIYLnN3aXRjaG92ZXIudjEuU2V0Q2hh\
                bmdlSABSBGdyYXkSNQoIcm9sbGJhY2sYBiABKAsyFy5zd2l0Y2hvdmVyLnYxLlJvbGxiYWNrSABSCHJvbGxiYWNrEhcKB2RyeV9y\
                dW4YByABKAhSBmRyeVJ1bhIWCgZyZWFzb24YCCABKAlSBnJlYXNvbhIUCgVmb3JjZRgJIAEoCVIFZm9yY2USIQoMYWNjZXB0X2Rp\
                cnR5GAogASgEUgthY2NlcHREaXJ0eRIgCgxuZXdfaXNfZW1wdHkYCyABKAhSCm5ld0lzRW1wdHlCCAoGY2hhbmdlIq4CCglTZXRD\
                aGFuZ2USMQoDYWRkGAEgASgLMh0uc3dpdGNob3Zlci52MS5TZXRDaGFuZ2UuS2V5c0gAUgNhZGQSNwoGcmVtb3ZlGAIgASgLMh0u\
                c3dpdGNob3Zlci52MS5TZXRDaGFuZ2UuS2V5c0gAUgZyZW1vdmUSLAoRcGVyY2VudF90aW1lc18xMDAYAyABKA1IAFIPcGVyY2Vu\
                dFRpbWVzMTAwEhIKA2FsbBgEIAEoCEgAUgNhbGwSFAoEbm9uZRgFIAEoCEgAUgRub25lEh8KCmFsbG93X2ZpbGUYBiABKAlIAFIJ\
                YWxsb3dGaWxlGjIKBEtleXMSKgoEa2V5cxgBIAMoCzIWLnN3aXRjaG92ZXIudjEuR3JheUtleVIEa2V5c0IICgZjaGFuZ2UiJQoI\
                Um9sbGJhY2sSGQoIdG9fZXBvY2gYASABKARSB3RvRXBvY2giuwIKFkNoYW5nZVN3aXRjaGVzUmVzcG9uc2USLwoGYmVmb3JlGAEg\
                ASgLMhcuc3dpdGNob3Zlci52MS5Td2l0Y2hlc1IGYmVmb3JlEi0KBWFmdGVyGAIgASgLMhcuc3dpdGNob3Zlci52MS5Td2l0Y2hl\
                c1IFYWZ0ZXISNQoJb2JzdGFjbGVzGAMgAygLMhcuc3dpdGNob3Zlci52MS5PYnN0YWNsZVIJb2JzdGFjbGVzEi0KBWRlbHRhGAQg\
                ASgLMhcuc3dpdGNob3Zlci52MS5LZXlEZWx0YVIFZGVsdGESKwoRaGVsZF9taWNyb3NlY29uZHMYBSABKARSEGhlbGRNaWNyb3Nl\
                Y29uZHMSGAoHY2hhbmdlZBgGIAEoCFIHY2hhbmdlZBIUCgVub3RlcxgHIAMoCVIFbm90ZXMixwIKCEtleURlbHRhEh8KC2xpc3Rl\
                ZF9rZXlzGAEgASgEUgpsaXN0ZWRLZXlzEjIKCGV4YW1wbGVzGAIgAygLMhYuc3dpdGNob3Zlci52MS5HcmF5S2V5UghleGFtcGxl\
                cxImCg9zaGFyZV90aW1lc18xMDAYAyABKA1SDXNoYXJlVGltZXMxMDASKgoRY2FsbHNfbGFzdF9taW51dGUYBCABKARSD2NhbGxz\
                TGFzdE1pbnV0ZRIfCgtjYWxsc19tb3ZlZBgFIAEoBFIKY2FsbHNNb3ZlZBIjCg1zYW1wbGVkX2NhbGxzGAYgASgEUgxzYW1wbGVk\
                Q2FsbHMSIwoNY2FsbHNfdW5rbm93bhgHIAEoCFIMY2FsbHNVbmtub3duEicKD2NhbGxzX2Vsc2V3aGVyZRgIIAEoBFIOY2FsbHNF\
                bHNld2hlcmUiSAoSTGlzdENoYW5nZXNSZXF1ZXN0EhwKCW1pZ3JhdGlvbhgBIAEoCVIJbWlncmF0aW9uEhQKBWxpbWl0GAIgASgN\
                UgVsaW1pdCJMChNMaXN0Q2hhbmdlc1Jlc3BvbnNlEjUKB2NoYW5nZXMYASADKAsyGy5zd2l0Y2hvdmVyLnYxLlN3aXRjaENoYW5n\
                ZVIHY2hhbmdlcyLgAQoMU3dpdGNoQ2hhbmdlEhIKBHRpbWUYASABKAlSBHRpbWUSHAoJbWlncmF0aW9uGAIgASgJUgltaWdyYXRp\
                b24SLwoGYmVmb3JlGAMgASgLMhcuc3dpdGNob3Zlci52MS5Td2l0Y2hlc1IGYmVmb3JlEi0KBWFmdGVyGAQgASgLMhcuc3dpdGNo\
                b3Zlci52MS5Td2l0Y2hlc1IFYWZ0ZXISDgoCYnkYBSABKAlSAmJ5EhYKBnJlYXNvbhgGIAEoCVIGcmVhc29uEhYKBm9yaWdpbhgH\
                IAEoCVIGb3JpZ2luIlsKEUV4cGxhaW5LZXlSZXF1ZXN0EhwKCW1pZ3JhdGlvbhgBIAEoCVIJbWlncmF0aW9uEigKA2tleRgCIAEo\
                CzIWLnN3aXRjaG92ZXIudjEuR3JheUtleVIDa2V5IqABChJFeHBsYWluS2V5UmVzcG9uc2USFAoFc3RhZ2UYASABKAlSBXN0YWdl\
                EhQKBWVwb2NoGAIgASgEUgVlcG9jaBIaCghlbnJvbGxlZBgDIAEoCFIIZW5yb2xsZWQSEgoEZ3JheRgEIAEoCFIEZ3JheRIWCgZi\
                dWNrZXQYBSABKA1SBmJ1Y2tldBIWCgZyb3V0ZXMYBiADKAlSBnJvdXRlcyJaChRFeHBsYWluUmVjb3JkUmVxdWVzdBIcCgltaWdy\
                YXRpb24YASABKAlSCW1pZ3JhdGlvbhIkCgNrZXkYAiABKAsyEi5zd2l0Y2hvdmVyLnYxLktleVIDa2V5IrYCChVFeHBsYWluUmVj\
                b3JkUmVzcG9uc2USFAoFc3RhZ2UYASABKAlSBXN0YWdlEhQKBWVwb2NoGAIgASgEUgVlcG9jaBIvCgVzaWRlcxgDIAMoCzIZLnN3\
                aXRjaG92ZXIudjEuU2lkZVJlY29yZFIFc2lkZXMSHAoJZGlmZmVyaW5nGAQgAygJUglkaWZmZXJpbmcSIwoNYmVpbmdfd3JpdHRl\
                bhgFIAEoCFIMYmVpbmdXcml0dGVuEhgKB3dhaXRpbmcYBiABKA1SB3dhaXRpbmcSLwoTY2xvc2VkX21pbGxpc2Vjb25kcxgHIAEo\
                BFISY2xvc2VkTWlsbGlzZWNvbmRzEjIKBndyaXRlcxgIIAMoCzIaLnN3aXRjaG92ZXIudjEuUmVjb3JkV3JpdGVSBndyaXRlcyJp\
                CgpTaWRlUmVjb3JkEhIKBHNpZGUYASABKAlSBHNpZGUSLQoGcmVjb3JkGAIgASgLMhUuc3dpdGNob3Zlci52MS5SZWNvcmRSBnJl\
                Y29yZBIYCgdwcm9ibGVtGAMgASgJUgdwcm9ibGVtIpEBCgtSZWNvcmRXcml0ZRISCgR0aW1lGAEgASgJUgR0aW1lEhIKBGtpbmQY\
                AiABKAlSBGtpbmQSFAoFc3RhZ2UYAyABKAlSBXN0YWdlEhQKBWVwb2NoGAQgASgEUgVlcG9jaBIYCgdvdXRjb21lGAUgASgJUgdv\
                dXRjb21lEhQKBWRpcnR5GAYgASgIUgVkaXJ0eTKQBAoHQ29udHJvbBJOCglHZXRTdGF0dXMSHy5zd2l0Y2hvdmVyLnYxLkdldFN0\
                YXR1c1JlcXVlc3QaIC5zd2l0Y2hvdmVyLnYxLkdldFN0YXR1c1Jlc3BvbnNlEl0KDkNoYW5nZVN3aXRjaGVzEiQuc3dpdGNob3Zl\
                ci52MS5DaGFuZ2VTd2l0Y2hlc1JlcXVlc3QaJS5zd2l0Y2hvdmVyLnYxLkNoYW5nZVN3aXRjaGVzUmVzcG9uc2USVAoLTGlzdENo\
                YW5nZXMSIS5zd2l0Y2hvdmVyLnYxLkxpc3RDaGFuZ2VzUmVxdWVzdBoiLnN3aXRjaG92ZXIudjEuTGlzdENoYW5nZXNSZXNwb25z\
                ZRJRCgpFeHBsYWluS2V5EiAuc3dpdGNob3Zlci52MS5FeHBsYWluS2V5UmVxdWVzdBohLnN3aXRjaG92ZXIudjEuRXhwbGFpbktl\
                eVJlc3BvbnNlEloKDUV4cGxhaW5SZWNvcmQSIy5zd2l0Y2hvdmVyLnYxLkV4cGxhaW5SZWNvcmRSZXF1ZXN0GiQuc3dpdGNob3Zl\
                ci52MS5FeHBsYWluUmVjb3JkUmVzcG9uc2USUQoKR2V0UHJvY2VzcxIgLnN3aXRjaG92ZXIudjEuR2V0UHJvY2Vzc1JlcXVlc3Qa\
                IS5zd2l0Y2hvdmVyLnYxLkdldFByb2Nlc3NSZXNwb25zZWIGcHJvdG8z
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
