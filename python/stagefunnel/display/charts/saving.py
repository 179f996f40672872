def offline_page(c):
    return ""
