using System.Text.Json;
using CardIssue.Core.Cards.Diversification;
using CardIssue.Core.Primitives;

namespace CardIssue.Test.Hosts;

/// <summary>A file for <c>centerhost key ceremony</c> with two components of a test key.</summary>
internal static class CenterHostCeremony
{
    public static string File(ByteString master, string secondCustodian = "ben")
    {
        var first = Enumerable.Range(1, master.Length).Select(i => (byte)i).ToArray();
        var second = first.Zip(master.ToArray(), (a, b) => (byte)(a ^ b)).ToArray();
        return JsonSerializer.Serialize(new
        {
            keySet = "issuer-test",
            keyVersion = "30",
            algorithm = "aes128",
            checkValue = CheckValue(master.ToArray()),
            components = new[] { Component("ann", first), Component(secondCustodian, second) },
        });
    }

    private static object Component(string custodian, byte[] component) =>
        new { custodian, component = Convert.ToHexString(component), checkValue = CheckValue(component) };

    private static string CheckValue(byte[] key)
    {
        using var secret = SecretBytes.Copy(key);
        return KeyCheckValue.OfAes(secret).ToString();
    }
}
