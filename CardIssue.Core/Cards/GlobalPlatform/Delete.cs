using CardIssue.Core.Cards.Apdu;
using CardIssue.Core.Cards.Tlv;
using CardIssue.Core.Primitives;

namespace CardIssue.Core.Cards.GlobalPlatform;

/// <summary>DELETE of card content (GPCS §11.2).</summary>
internal static class Delete
{
    private const byte AndRelated = 0x80;

    /// <summary>Deletes an application or a load file.</summary>
    /// <param name="aid">Which.</param>
    /// <param name="related">Of a load file: with all applications that come from it.</param>
    /// <param name="token">The delete token (9E); may be empty.</param>
    public static CommandApdu Object(Aid aid, bool related, ByteString token = default)
    {
        var name = BerTlv.Primitive(0x4F, aid.Value).ToBytes();
        var data = token.IsEmpty ? name : ByteString.Concat(name, BerTlv.Primitive(0x9E, token).ToBytes());
        return new CommandApdu(0x80, Instructions.Delete, 0x00, related ? AndRelated : (byte)0x00, data, CommandApdu.MaxShortLe);
    }
}
