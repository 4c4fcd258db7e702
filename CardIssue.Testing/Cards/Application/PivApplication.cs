using CardIssue.Core.Primitives;
using CardIssue.Testing.Cards.Apdu;
using CardIssue.Testing.Cards.State;

namespace CardIssue.Testing.Cards.Application;

/// <summary>As much of a PIV card application as a secure access module needs (NIST SP 800-73-4 part 2): the Card Authentication key, which signs without a PIN, and its certificate.</summary>
internal static class PivApplication
{
    private const byte GetDataIns = 0xCB, GeneralAuthenticateIns = 0x87, VerifyIns = 0x20, EccP256 = 0x11, CardAuthenticationKey = 0x9E;
    private const ushort CurrentObject = 0x3FFF;
    private const int TagList = 0x5C, ObjectData = 0x53, CertificateData = 0x70, CertificateInfo = 0x71, ErrorDetection = 0xFE, HashLength = 32;
    private const int DynamicAuthentication = 0x7C, Challenge = 0x81, Response = 0x82;

    public static readonly ByteString Aid = ByteString.FromHex("A000000308000010000100");
    public static readonly ByteString Package = ByteString.FromHex("A00000030800001000");

    private static readonly byte[] CertificateTag = [0x5F, 0xC1, 0x01];

    public static Reply Execute(CardMemory card, Command command)
    {
        if (command.Cla != 0x00) return Sw.UnknownCla;
        return command.Ins switch
        {
            GetDataIns => GetData(card.State, command),
            GeneralAuthenticateIns => GeneralAuthenticate(card.State, command),
            // There is no PIN and no PUK on this card.
            VerifyIns => Sw.ReferenceNotFound,
            _ => Sw.UnknownIns,
        };
    }

    /// <summary>The application property template (3.1.1, table 3): the end of the AID, and who manages the rest of it.</summary>
    public static byte[] PropertyTemplate() => Tlv.Make(0x61, [.. Tlv.Make(0x4F, Aid.Span[5..]), .. Tlv.Make(0x79, Tlv.Make(0x4F, Aid.Span[..5]))]);

    /// <summary>3.1.2. The certificate's container has error detection and says that it is not compressed (part 1, appendix A).</summary>
    private static Reply GetData(CardState state, Command command)
    {
        if (command.P1P2 != CurrentObject) return Sw.WrongP1P2;
        if (Tlv.ReadAll(command.Data) is not [(TagList, var tag)]) return Sw.WrongData;
        if (!tag.AsSpan().SequenceEqual(CertificateTag) || state.Piv is not { } piv) return Sw.NotFound;
        return Reply.Ok(Tlv.Make(ObjectData, [.. Tlv.Make(CertificateData, piv.Certificate.Span), .. Tlv.Make(CertificateInfo, 0x00), .. Tlv.Make(ErrorDetection)]));
    }

    /// <summary>3.2.4: an empty response to be filled, and the hash to sign.</summary>
    private static Reply GeneralAuthenticate(CardState state, Command command)
    {
        if (command.P1 != EccP256 || command.P2 != CardAuthenticationKey || state.Piv is not { } piv) return Sw.WrongP1P2;
        if (Tlv.ReadAll(command.Data) is not [(DynamicAuthentication, var template)] || Tlv.ReadAll(template) is not { Count: 2 } fields) return Sw.WrongData;
        var hash = fields.Find(f => f.Tag == Challenge).Value;
        if (hash is not { Length: HashLength } || fields.Find(f => f.Tag == Response).Value is not []) return Sw.WrongData;
        return Reply.Ok(Tlv.Make(DynamicAuthentication, Tlv.Make(Response, piv.SignHash(hash))));
    }
}
