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
            sourceHash: 0xa504_c86d_c093_dacf,
            descriptor: """
                Chtzd2l0Y2hvdmVyL3YxL2NvbnRyb2wucHJvdG8SDXN3aXRjaG92ZXIudjEaG3N3aXRjaG92ZXIvdjEvcmVjb3Jkcy5wcm90byIp\
                CgdHcmF5S2V5Eh4KCmNvbXBvbmVudHMYASADKAlSCmNvbXBvbmVudHMiuAIKCkdyYXlLZXlTZXQSHgoKZXZlcnl0aGluZxgBIAEo\
                CFIKZXZlcnl0aGluZxIqCgRkZW55GAIgAygLMhYuc3dpdGNob3Zlci52MS5HcmF5S2V5UgRkZW55EhsKCWRlbnlfZmlsZRgDIAEo\
                CVIIZGVueUZpbGUSLAoFYWxsb3cYBCADKAsyFi5zd2l0Y2hvdmVyLnYxLkdyYXlLZXlSBWFsbG93Eh0KCmFsbG93X2ZpbGUYBSAB\
                KAlSCWFsbG93RmlsZRIqChFwZXJjZW50X3RpbWVzXzEwMBgGIAEoDVIPcGVyY2VudFRpbWVzMTAwEiIKDWRlbnlfbGVmdF9vdXQY\
                ByABKARSC2RlbnlMZWZ0T3V0EiQKDmFsbG93X2xlZnRfb3V0GAggASgEUgxhbGxvd0xlZnRPdXQinAEKCFN3aXRjaGVzEhQKBWVw\
                b2NoGAEgASgEUgVlcG9jaBIUCgVwaGFzZRgCIAEoCVIFcGhhc2USNQoIZW5yb2xsZWQYAyABKAsyGS5zd2l0Y2hvdmVyLnYxLkdy\
                YXlLZXlTZXRSCGVucm9sbGVkEi0KBGdyYXkYBCABKAsyGS5zd2l0Y2hvdmVyLnYxLkdyYXlLZXlTZXRSBGdyYXkiMAoQR2V0U3Rh\
                dHVzUmVxdWVzdBIcCgltaWdyYXRpb24YASABKAlSCW1pZ3JhdGlvbiLmAQoRR2V0U3RhdHVzUmVzcG9uc2USPgoKbWlncmF0aW9u\
                cxgBIAMoCzIeLnN3aXRjaG92ZXIudjEuTWlncmF0aW9uU3RhdHVzUgptaWdyYXRpb25zEhgKB3ZlcnNpb24YAiABKAlSB3ZlcnNp\
                b24SFAoFcmVhZHkYAyABKAhSBXJlYWR5EhwKCXJlYWRpbmVzcxgEIAEoCVIJcmVhZGluZXNzEhgKB3N0YXJ0ZWQYBSABKAlSB3N0\
                YXJ0ZWQSKQoQdW5uYW1lZF9zZXJ2aWNlcxgGIAMoCVIPdW5uYW1lZFNlcnZpY2VzIhMKEUdldFByb2Nlc3NSZXF1ZXN0ItsBChJH\
                ZXRQcm9jZXNzUmVzcG9uc2USGAoHdmVyc2lvbhgBIAEoCVIHdmVyc2lvbhIQCgNwaWQYAiABKA1SA3BpZBIYCgdzdGFydGVkGAMg\
                ASgJUgdzdGFydGVkEhYKBmxpc3RlbhgEIAEoCVIGbGlzdGVuEi8KE2NoYW5nZV9taWxsaXNlY29uZHMYBSABKARSEmNoYW5nZU1p\
                bGxpc2Vjb25kcxI2CgdwZW5kaW5nGAYgAygLMhwuc3dpdGNob3Zlci52MS5QZW5kaW5nQ2hhbmdlUgdwZW5kaW5nIpIBCg1QZW5k\
                aW5nQ2hhbmdlEhwKCW1pZ3JhdGlvbhgBIAEoCVIJbWlncmF0aW9uEhQKBWVwb2NoGAIgASgEUgVlcG9jaBIbCgl3YWl0c19mb3IY\
                AyABKAlSCHdhaXRzRm9yEjAKFGF0X21vc3RfbWlsbGlzZWNvbmRzGAQgASgEUhJhdE1vc3RNaWxsaXNlY29uZHMigQYKD01pZ3Jh\
                dGlvblN0YXR1cxIcCgltaWdyYXRpb24YASABKAlSCW1pZ3JhdGlvbhIyCghpbl9mb3JjZRgCIAEoCzIXLnN3aXRjaG92ZXIudjEu\
                U3dpdGNoZXNSB2luRm9yY2USMAoHaW5fZmlsZRgDIAEoCzIXLnN3aXRjaG92ZXIudjEuU3dpdGNoZXNSBmluRmlsZRIYCgdwcm9i\
                bGVtGAQgASgJUgdwcm9ibGVtEi8KBXNpZGVzGAUgAygLMhkuc3dpdGNob3Zlci52MS5TaWRlU3RhdHVzUgVzaWRlcxIzCgZzdGFn\
                ZXMYBiADKAsyGy5zd2l0Y2hvdmVyLnYxLlN0YWdlVHJhZmZpY1IGc3RhZ2VzEh0KCm5leHRfcGhhc2UYByABKAlSCW5leHRQaGFz\
                ZRI1CglvYnN0YWNsZXMYCCADKAsyFy5zd2l0Y2hvdmVyLnYxLk9ic3RhY2xlUglvYnN0YWNsZXMSIQoMZGlydHlfd3JpdGVzGAkg\
                ASgEUgtkaXJ0eVdyaXRlcxIQCgNtZXQYCiADKAlSA21ldBIYCgd1bmtub3duGAsgAygJUgd1bmtub3duEjIKFXNlcnZpY2VzX25l\
                dmVyX2NhbGxlZBgMIAMoCVITc2VydmljZXNOZXZlckNhbGxlZBIpChB1bmxpc3RlZF9tZXRob2RzGA0gAygJUg91bmxpc3RlZE1l\
                dGhvZHMSIwoNdGFibGVfY2hhbmdlcxgOIAMoCVIMdGFibGVDaGFuZ2VzEjkKDGxhc3RfaW5fZmlsZRgPIAEoCzIXLnN3aXRjaG92\
                ZXIudjEuU3dpdGNoZXNSCmxhc3RJbkZpbGUSJwoPYWR2YW5jZV91bmtub3duGBAgASgJUg5hZHZhbmNlVW5rbm93bhIlCg5waW5u\
                ZWRfcmVjb3JkcxgRIAEoBFINcGlubmVkUmVjb3JkcxI2CgdwZW5kaW5nGBIgASgLMhwuc3dpdGNob3Zlci52MS5QZW5kaW5nQ2hh\
                bmdlUgdwZW5kaW5nIqgDCgpTaWRlU3RhdHVzEhIKBHNpZGUYASABKAlSBHNpZGUSGgoIdXBzdHJlYW0YAiABKAlSCHVwc3RyZWFt\
                EhgKB2FkZHJlc3MYAyABKAlSB2FkZHJlc3MSFAoFYXNrZWQYBCABKARSBWFza2VkEioKEWFza2VkX2xhc3RfbWludXRlGAUgASgE\
                Ug9hc2tlZExhc3RNaW51dGUSFgoGZmFpbGVkGAYgASgEUgZmYWlsZWQSLAoSZmFpbGVkX2xhc3RfbWludXRlGAcgASgEUhBmYWls\
                ZWRMYXN0TWludXRlEisKEW1lYW5fbWljcm9zZWNvbmRzGAggASgEUhBtZWFuTWljcm9zZWNvbmRzEhwKCXJlYWNoYWJsZRgJIAEo\
                CVIJcmVhY2hhYmxlEisKEXJlYWNoYWJsZV9wcm9ibGVtGAogASgJUhByZWFjaGFibGVQcm9ibGVtEhwKCWNhbmNlbGxlZBgLIAEo\
                BFIJY2FuY2VsbGVkEjIKFWNhbmNlbGxlZF9sYXN0X21pbnV0ZRgMIAEoBFITY2FuY2VsbGVkTGFzdE1pbnV0ZSKsAQoMU3RhZ2VU\
                cmFmZmljEhQKBXN0YWdlGAEgASgJUgVzdGFnZRIUCgVjYWxscxgCIAEoBFIFY2FsbHMSKgoRY2FsbHNfbGFzdF9taW51dGUYAyAB\
                KARSD2NhbGxzTGFzdE1pbnV0ZRIWCgZmYWlsZWQYBCABKARSBmZhaWxlZBIsChJmYWlsZWRfbGFzdF9taW51dGUYBSABKARSEGZh\
                aWxlZExhc3RNaW51dGUiXgoIT2JzdGFjbGUSEgoEbmFtZRgBIAEoCVIEbmFtZRIaCghzZW50ZW5jZRgCIAEoCVIIc2VudGVuY2US\
                IgoNY2FuX2JlX3dhaXZlZBgDIAEoCFILY2FuQmVXYWl2ZWQinQMKFUNoYW5nZVN3aXRjaGVzUmVxdWVzdBIcCgltaWdyYXRpb24Y\
                ASABKAlSCW1pZ3JhdGlvbhIZCghpZl9lcG9jaBgCIAEoBFIHaWZFcG9jaBIWCgVwaGFzZRgDIAEoCUgAUgVwaGFzZRI2CghlbnJv\
                bGxlZBgEIAEoCzIYLnN3aXRjaG92ZXIudjEuU2V0Q2hhbmdlSABSCGVucm9sbGVkEi4KBGdyYXkYBSABKAsyGC5zd2l0Y2hvdmVy\
                LnYxLlNldENoYW5nZUgAUgRncmF5EjUKCHJvbGxiYWNrGAYgASgLMhcuc3dpdGNob3Zlci52MS5Sb2xsYmFja0gAUghyb2xsYmFj\
                axIXCgdkcnlfcnVuGAcgASgIUgZkcnlSdW4SFgoGcmVhc29uGAggASgJUgZyZWFzb24SFAoFZm9yY2UYCSABKAlSBWZvcmNlEiEK\
                DGFjY2VwdF9kaXJ0eRgKIAEoBFILYWNjZXB0RGlydHkSIAoMbmV3X2lzX2VtcHR5GAsgASgIUgpuZXdJc0VtcHR5QggKBmNoYW5n\
                ZSKuAgoJU2V0Q2hhbmdlEjEKA2FkZBgBIAEoCzIdLnN3aXRjaG92ZXIudjEuU2V0Q2hhbmdlLktleXNIAFIDYWRkEjcKBnJlbW92\
                ZRgCIAEoCzIdLnN3aXRjaG92ZXIudjEuU2V0Q2hhbmdlLktleXNIAFIGcmVtb3ZlEiwKEXBlcmNlbnRfdGltZXNfMTAwGAMgASgN\
                SABSD3BlcmNlbnRUaW1lczEwMBISCgNhbGwYBCABKAhIAFIDYWxsEhQKBG5vbmUYBSABKAhIAFIEbm9uZRIfCgphbGxvd19maWxl\
                GAYgASgJSABSCWFsbG93RmlsZRoyCgRLZXlzEioKBGtleXMYASADKAsyFi5zd2l0Y2hvdmVyLnYxLkdyYXlLZXlSBGtleXNCCAoG\
                Y2hhbmdlIiUKCFJvbGxiYWNrEhkKCHRvX2Vwb2NoGAEgASgEUgd0b0Vwb2NoIrsCChZDaGFuZ2VTd2l0Y2hlc1Jlc3BvbnNlEi8K\
                BmJlZm9yZRgBIAEoCzIXLnN3aXRjaG92ZXIudjEuU3dpdGNoZXNSBmJlZm9yZRItCgVhZnRlchgCIAEoCzIXLnN3aXRjaG92ZXIu\
                djEuU3dpdGNoZXNSBWFmdGVyEjUKCW9ic3RhY2xlcxgDIAMoCzIXLnN3aXRjaG92ZXIudjEuT2JzdGFjbGVSCW9ic3RhY2xlcxIt\
                CgVkZWx0YRgEIAEoCzIXLnN3aXRjaG92ZXIudjEuS2V5RGVsdGFSBWRlbHRhEisKEWhlbGRfbWljcm9zZWNvbmRzGAUgASgEUhBo\
                ZWxkTWljcm9zZWNvbmRzEhgKB2NoYW5nZWQYBiABKAhSB2NoYW5nZWQSFAoFbm90ZXMYByADKAlSBW5vdGVzIscCCghLZXlEZWx0\
                YRIfCgtsaXN0ZWRfa2V5cxgBIAEoBFIKbGlzdGVkS2V5cxIyCghleGFtcGxlcxgCIAMoCzIWLnN3aXRjaG92ZXIudjEuR3JheUtl\
                eVIIZXhhbXBsZXMSJgoPc2hhcmVfdGltZXNfMTAwGAMgASgNUg1zaGFyZVRpbWVzMTAwEioKEWNhbGxzX2xhc3RfbWludXRlGAQg\
                ASgEUg9jYWxsc0xhc3RNaW51dGUSHwoLY2FsbHNfbW92ZWQYBSABKARSCmNhbGxzTW92ZWQSIwoNc2FtcGxlZF9jYWxscxgGIAEo\
                BFIMc2FtcGxlZENhbGxzEiMKDWNhbGxzX3Vua25vd24YByABKAhSDGNhbGxzVW5rbm93bhInCg9jYWxsc19lbHNld2hlcmUYCCAB\
                KARSDmNhbGxzRWxzZXdoZXJlImoKEkxpc3RDaGFuZ2VzUmVxdWVzdBIcCgltaWdyYXRpb24YASABKAlSCW1pZ3JhdGlvbhIUCgVs\
                aW1pdBgCIAEoDVIFbGltaXQSIAoMa2V5c19hdF9tb3N0GAMgASgNUgprZXlzQXRNb3N0ImcKE0xpc3RDaGFuZ2VzUmVzcG9uc2US\
                NQoHY2hhbmdlcxgBIAMoCzIbLnN3aXRjaG92ZXIudjEuU3dpdGNoQ2hhbmdlUgdjaGFuZ2VzEhkKCGxlZnRfb3V0GAIgASgNUgds\
                ZWZ0T3V0IuABCgxTd2l0Y2hDaGFuZ2USEgoEdGltZRgBIAEoCVIEdGltZRIcCgltaWdyYXRpb24YAiABKAlSCW1pZ3JhdGlvbhIv\
                CgZiZWZvcmUYAyABKAsyFy5zd2l0Y2hvdmVyLnYxLlN3aXRjaGVzUgZiZWZvcmUSLQoFYWZ0ZXIYBCABKAsyFy5zd2l0Y2hvdmVy\
                LnYxLlN3aXRjaGVzUgVhZnRlchIOCgJieRgFIAEoCVICYnkSFgoGcmVhc29uGAYgASgJUgZyZWFzb24SFgoGb3JpZ2luGAcgASgJ\
                UgZvcmlnaW4iWwoRRXhwbGFpbktleVJlcXVlc3QSHAoJbWlncmF0aW9uGAEgASgJUgltaWdyYXRpb24SKAoDa2V5GAIgASgLMhYu\
                c3dpdGNob3Zlci52MS5HcmF5S2V5UgNrZXkioAEKEkV4cGxhaW5LZXlSZXNwb25zZRIUCgVzdGFnZRgBIAEoCVIFc3RhZ2USFAoF\
                ZXBvY2gYAiABKARSBWVwb2NoEhoKCGVucm9sbGVkGAMgASgIUghlbnJvbGxlZBISCgRncmF5GAQgASgIUgRncmF5EhYKBmJ1Y2tl\
                dBgFIAEoDVIGYnVja2V0EhYKBnJvdXRlcxgGIAMoCVIGcm91dGVzIloKFEV4cGxhaW5SZWNvcmRSZXF1ZXN0EhwKCW1pZ3JhdGlv\
                bhgBIAEoCVIJbWlncmF0aW9uEiQKA2tleRgCIAEoCzISLnN3aXRjaG92ZXIudjEuS2V5UgNrZXkitgIKFUV4cGxhaW5SZWNvcmRS\
                ZXNwb25zZRIUCgVzdGFnZRgBIAEoCVIFc3RhZ2USFAoFZXBvY2gYAiABKARSBWVwb2NoEi8KBXNpZGVzGAMgAygLMhkuc3dpdGNo\
                b3Zlci52MS5TaWRlUmVjb3JkUgVzaWRlcxIcCglkaWZmZXJpbmcYBCADKAlSCWRpZmZlcmluZxIjCg1iZWluZ193cml0dGVuGAUg\
                ASgIUgxiZWluZ1dyaXR0ZW4SGAoHd2FpdGluZxgGIAEoDVIHd2FpdGluZxIvChNjbG9zZWRfbWlsbGlzZWNvbmRzGAcgASgEUhJj\
                bG9zZWRNaWxsaXNlY29uZHMSMgoGd3JpdGVzGAggAygLMhouc3dpdGNob3Zlci52MS5SZWNvcmRXcml0ZVIGd3JpdGVzImkKClNp\
                ZGVSZWNvcmQSEgoEc2lkZRgBIAEoCVIEc2lkZRItCgZyZWNvcmQYAiABKAsyFS5zd2l0Y2hvdmVyLnYxLlJlY29yZFIGcmVjb3Jk\
                EhgKB3Byb2JsZW0YAyABKAlSB3Byb2JsZW0ikQEKC1JlY29yZFdyaXRlEhIKBHRpbWUYASABKAlSBHRpbWUSEgoEa2luZBgCIAEo\
                CVIEa2luZBIUCgVzdGFnZRgDIAEoCVIFc3RhZ2USFAoFZXBvY2gYBCABKARSBWVwb2NoEhgKB291dGNvbWUYBSABKAlSB291dGNv\
                bWUSFAoFZGlydHkYBiABKAhSBWRpcnR5MpAECgdDb250cm9sEk4KCUdldFN0YXR1cxIfLnN3aXRjaG92ZXIudjEuR2V0U3RhdHVz\
                UmVxdWVzdBogLnN3aXRjaG92ZXIudjEuR2V0U3RhdHVzUmVzcG9uc2USXQoOQ2hhbmdlU3dpdGNoZXMSJC5zd2l0Y2hvdmVyLnYx\
                LkNoYW5nZVN3aXRjaGVzUmVxdWVzdBolLnN3aXRjaG92ZXIudjEuQ2hhbmdlU3dpdGNoZXNSZXNwb25zZRJUCgtMaXN0Q2hhbmdl\
                cxIhLnN3aXRjaG92ZXIudjEuTGlzdENoYW5nZXNSZXF1ZXN0GiIuc3dpdGNob3Zlci52MS5MaXN0Q2hhbmdlc1Jlc3BvbnNlElEK\
                CkV4cGxhaW5LZXkSIC5zd2l0Y2hvdmVyLnYxLkV4cGxhaW5LZXlSZXF1ZXN0GiEuc3dpdGNob3Zlci52MS5FeHBsYWluS2V5UmVz\
                cG9uc2USWgoNRXhwbGFpblJlY29yZBIjLnN3aXRjaG92ZXIudjEuRXhwbGFpblJlY29yZFJlcXVlc3QaJC5zd2l0Y2hvdmVyLnYx\
                LkV4cGxhaW5SZWNvcmRSZXNwb25zZRJRCgpHZXRQcm9jZXNzEiAuc3dpdGNob3Zlci52MS5HZXRQcm9jZXNzUmVxdWVzdBohLnN3\
                aXRjaG92ZXIudjEuR2V0UHJvY2Vzc1Jlc3BvbnNlYgZwcm90bzM=
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
